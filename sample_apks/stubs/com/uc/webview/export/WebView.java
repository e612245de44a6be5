package com.uc.webview.export;

import android.content.Context;

public class WebView {
    public WebView(Context context) {
    }

    public void setWebViewClient(WebViewClient client) {
    }
}
