package org.apache.http.conn.ssl;

import java.security.cert.X509Certificate;

public class TrustSelfSignedStrategy implements TrustStrategy {
    public static final TrustSelfSignedStrategy INSTANCE = null;

    @Override
    public boolean isTrusted(X509Certificate[] chain, String authType) {
        return chain.length == 1;
    }
}
