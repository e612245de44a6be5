package com.loopj.android.http;

import cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory;

public class MySSLSocketFactory extends SSLSocketFactory {
    public static SSLSocketFactory getFixedSocketFactory() {
        return null;
    }
}
