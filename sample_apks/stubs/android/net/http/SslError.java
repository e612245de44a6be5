package android.net.http;

public class SslError {
    public static final int SSL_NOTYETVALID = 0;
    public static final int SSL_EXPIRED = 1;
    public static final int SSL_IDMISMATCH = 2;
    public static final int SSL_UNTRUSTED = 3;

    public SslCertificate getCertificate() {
        return null;
    }

    public int getPrimaryError() {
        return 0;
    }

    public boolean hasError(int error) {
        return false;
    }

    public String getUrl() {
        return null;
    }
}
