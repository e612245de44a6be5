package org.example.tlsshrunk;

import android.app.AlertDialog;
import android.content.DialogInterface;
import android.content.pm.ApplicationInfo;
import android.net.http.SslError;
import android.util.Log;
import android.webkit.SslErrorHandler;
import android.webkit.WebView;
import android.webkit.WebViewClient;

/** Page clients, one for each thing that can be done about a certificate error. */
final class Pages {
    private Pages() {
    }
}

class ProceedingPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if (handler != null) {
            handler.proceed();
        }
    }
}

class UnusedPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        handler.proceed();
    }
}

class AskingPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, final SslErrorHandler handler, SslError error) {
        new AlertDialog.Builder(view.getContext())
                .setMessage("The certificate of this page is wrong")
                .setPositiveButton("Go on", new DialogInterface.OnClickListener() {
                    @Override
                    public void onClick(DialogInterface dialog, int which) {
                        handler.proceed();
                    }
                })
                .setNegativeButton("Stop", new DialogInterface.OnClickListener() {
                    @Override
                    public void onClick(DialogInterface dialog, int which) {
                        handler.cancel();
                    }
                })
                .show();
    }
}

class PickyPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if (error.getPrimaryError() == SslError.SSL_UNTRUSTED) {
            handler.proceed();
        } else {
            handler.cancel();
        }
    }
}

class DebugPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        if ((view.getContext().getApplicationInfo().flags & ApplicationInfo.FLAG_DEBUGGABLE) != 0) {
            handler.proceed();
            return;
        }
        super.onReceivedSslError(view, handler, error);
    }
}

class CancellingPage extends WebViewClient {
    @Override
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        Log.i("page", error.getUrl());
        handler.cancel();
    }
}

class EnginePage extends com.tencent.smtt.sdk.WebViewClient {
    @Override
    public void onReceivedSslError(com.tencent.smtt.sdk.WebView view,
            com.tencent.smtt.export.external.interfaces.SslErrorHandler handler,
            com.tencent.smtt.export.external.interfaces.SslError error) {
        handler.proceed();
    }
}
