package org.example.tlsmore;

import android.net.http.SslError;
import android.util.Log;
import android.webkit.SslErrorHandler;
import android.webkit.ValueCallback;
import android.webkit.WebView;
import android.webkit.WebViewClient;
import org.xwalk.core.XWalkResourceClient;
import org.xwalk.core.XWalkView;

/** Page clients, one for each thing that can be done about a certificate error. */
final class Pages {
    private Pages() {
    }
}

class HostPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if (error.getUrl().contains("tlsmore.example.com")) {
            handler.proceed();
        } else {
            handler.cancel();
        }
    }
}

class LaterPage extends WebViewClient {
    @Override
    public void onReceivedSslError(final WebView view, final SslErrorHandler handler, SslError error) {
        view.postDelayed(new Runnable() {
            @Override
            public void run() {
                handler.proceed();
            }
        }, 100);
    }
}

class GuardedPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if (handler == null) {
            return;
        }
        go(handler);
    }

    private void go(SslErrorHandler handler) {
        Log.i("page", "going on");
        handler.proceed();
    }
}

class ForgettingPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        Log.i("page", error.getUrl());
    }
}

/** Tells its owner and stops, as the dialogs of Facebook's SDK do. */
class TellingPage extends WebViewClient {
    interface Listener {
        void onFailed(String url, int why);
    }

    private final Listener listener;

    TellingPage(Listener listener) {
        this.listener = listener;
    }

    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        super.onReceivedSslError(view, handler, error);
        handler.cancel();
        if (listener != null) {
            listener.onFailed(error.getUrl(), error.getPrimaryError());
        }
    }
}

class PageOfUc extends com.uc.webview.export.WebViewClient {
    @Override
    public void onReceivedSslError(
            com.uc.webview.export.WebView view, com.uc.webview.export.SslErrorHandler handler, SslError error) {
        handler.proceed();
    }
}

class PageOfUcThatStops extends com.uc.webview.export.WebViewClient {
    @Override
    public void onReceivedSslError(
            com.uc.webview.export.WebView view, com.uc.webview.export.SslErrorHandler handler, SslError error) {
        handler.cancel();
    }
}

class PageOfCrosswalk extends XWalkResourceClient {
    PageOfCrosswalk(XWalkView view) {
        super(view);
    }

    @Override
    public void onReceivedSslError(XWalkView view, ValueCallback<Boolean> callback, SslError error) {
        callback.onReceiveValue(true);
    }
}

class PageOfCrosswalkThatStops extends XWalkResourceClient {
    PageOfCrosswalkThatStops(XWalkView view) {
        super(view);
    }

    @Override
    public void onReceivedSslError(XWalkView view, ValueCallback<Boolean> callback, SslError error) {
        callback.onReceiveValue(false);
    }
}

class UnusedPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if (error.getPrimaryError() != SslError.SSL_IDMISMATCH) {
            handler.proceed();
        }
    }
}
