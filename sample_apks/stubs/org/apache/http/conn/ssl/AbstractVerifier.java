package org.apache.http.conn.ssl;

import java.io.IOException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

public abstract class AbstractVerifier implements X509HostnameVerifier {
    public final void verify(String host, SSLSocket socket) throws IOException {
    }

    public final boolean verify(String host, SSLSession session) {
        return false;
    }

    public final void verify(String host, X509Certificate certificate) throws SSLException {
    }

    public final void verify(String host, String[] cns, String[] subjectAlts, boolean strictWithSubDomains)
            throws SSLException {
    }
}
