package android.webkit;

import android.content.Context;

public class WebView {
    public WebView(Context context) {
    }

    public void setWebViewClient(WebViewClient client) {
    }

    public WebSettings getSettings() {
        return null;
    }

    public void loadUrl(String url) {
    }

    public String getUrl() {
        return null;
    }

    public Context getContext() {
        return null;
    }

    public boolean postDelayed(Runnable action, long delayMillis) {
        return false;
    }
}
