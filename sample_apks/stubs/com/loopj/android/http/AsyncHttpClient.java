package com.loopj.android.http;

import cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory;

public class AsyncHttpClient {
    public AsyncHttpClient() {
    }

    public AsyncHttpClient(boolean fixNoHttpResponseException, int httpPort, int httpsPort) {
    }

    public void setSSLSocketFactory(SSLSocketFactory factory) {
    }

    public void get(String url) {
    }
}
