package android.webkit;

import android.net.http.SslError;

public class WebViewClient {
    public void onReceivedSslError(WebView view, SslErrorHandler handler, SslError error) {
        handler.cancel();
    }

    public void onPageFinished(WebView view, String url) {
    }
}
