package org.example.javaclients;

import java.io.IOException;
import java.security.cert.Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.Handshake;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Compares a key of the connection, before the request is sent. */
final class ConnectionPins implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
        Handshake handshake = chain.connection().handshake();
        for (Certificate certificate : handshake.peerCertificates()) {
            if (Keys.digest(certificate).equals("mv7Hqvr6LTooVDfaz+//aIbEnYCdP/s7CZNNp2XkqEE=")) {
                return chain.proceed(chain.request());
            }
        }
        throw new SSLPeerUnverifiedException("unexpected key of the connection");
    }
}
