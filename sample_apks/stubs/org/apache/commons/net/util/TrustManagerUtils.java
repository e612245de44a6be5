package org.apache.commons.net.util;

import javax.net.ssl.X509TrustManager;

public final class TrustManagerUtils {
    public static X509TrustManager getAcceptAllTrustManager() {
        return null;
    }

    public static X509TrustManager getValidateServerCertificateTrustManager() {
        return null;
    }
}
