package org.apache.http.impl.client;

import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;

public class HttpClientBuilder {
    public static HttpClientBuilder create() {
        return null;
    }

    public HttpClientBuilder setSSLContext(SSLContext context) {
        return this;
    }

    public HttpClientBuilder setSSLHostnameVerifier(HostnameVerifier verifier) {
        return this;
    }

    public Object build() {
        return null;
    }
}
