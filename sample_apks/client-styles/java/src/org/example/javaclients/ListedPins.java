package org.example.javaclients;

import java.io.IOException;
import java.security.cert.Certificate;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Compares any key of the answer, as a field of its object says. */
final class ListedPins implements Interceptor {
    private final String pin;

    ListedPins(String pin) {
        this.pin = pin;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
        Response response = chain.proceed(chain.request());
        for (Certificate certificate : response.handshake().peerCertificates()) {
            if (Keys.digest(certificate).equals(pin)) {
                return response;
            }
        }
        response.close();
        throw new IOException("unexpected keys");
    }
}
