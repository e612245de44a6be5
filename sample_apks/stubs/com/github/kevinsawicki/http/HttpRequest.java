package com.github.kevinsawicki.http;

public class HttpRequest {
    public static HttpRequest get(CharSequence url) {
        return null;
    }

    public HttpRequest trustAllCerts() {
        return this;
    }

    public HttpRequest trustAllHosts() {
        return this;
    }

    public int code() {
        return 0;
    }
}
