package org.apache.http.conn.ssl;

import javax.net.ssl.SSLException;

public class StrictHostnameVerifier extends AbstractVerifier {
    public final void verify(String host, String[] cns, String[] subjectAlts) throws SSLException {
    }
}
