package org.example.javaclients;

import java.io.IOException;
import java.security.cert.Certificate;
import okhttp3.Connection;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Asks for the connection where there is none yet: as an interceptor of the application it compares nothing. */
final class MisplacedPins implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
        Connection connection = chain.connection();
        if (connection != null) {
            Certificate leaf = connection.handshake().peerCertificates().get(0);
            if (!Keys.digest(leaf).equals("U1eFYkqcDgDP3fY4ZIhVl2Czs0kQSyhFTLoH+A6Uk+g=")) {
                throw new IOException("unexpected key");
            }
        }
        return chain.proceed(chain.request());
    }
}
