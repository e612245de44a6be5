package com.uc.webview.export;

public class SslErrorHandler {
    public void proceed() {
    }

    public void cancel() {
    }
}
