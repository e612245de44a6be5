package org.apache.http.conn.ssl;

import java.security.cert.X509Certificate;

public class TrustAllStrategy implements TrustStrategy {
    public static final TrustAllStrategy INSTANCE = null;

    @Override
    public boolean isTrusted(X509Certificate[] chain, String authType) {
        return true;
    }
}
