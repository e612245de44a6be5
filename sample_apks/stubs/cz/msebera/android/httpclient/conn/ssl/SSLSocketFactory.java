package cz.msebera.android.httpclient.conn.ssl;

public class SSLSocketFactory {
    public static final X509HostnameVerifier ALLOW_ALL_HOSTNAME_VERIFIER = null;
    public static final X509HostnameVerifier STRICT_HOSTNAME_VERIFIER = null;

    public static SSLSocketFactory getSocketFactory() {
        return null;
    }

    public void setHostnameVerifier(X509HostnameVerifier verifier) {
    }
}
