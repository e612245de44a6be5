package org.apache.http.ssl;

import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import org.apache.http.conn.ssl.TrustStrategy;

public class SSLContextBuilder {
    public static SSLContextBuilder create() {
        return null;
    }

    public SSLContextBuilder loadTrustMaterial(KeyStore store, TrustStrategy strategy) {
        return this;
    }

    public SSLContext build() {
        return null;
    }
}
