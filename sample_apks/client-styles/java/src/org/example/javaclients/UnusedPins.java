package org.example.javaclients;

import java.io.IOException;
import java.security.cert.Certificate;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Is made, and added to no client. */
final class UnusedPins implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
        Response response = chain.proceed(chain.request());
        Certificate leaf = response.handshake().peerCertificates().get(0);
        if (!Keys.digest(leaf).equals("IwbL2rSAtJr9dGHlAEKqXcyaR0FEf/1PJxlYzfbSO2I=")) {
            throw new IOException("unexpected key, which nobody compares");
        }
        return response;
    }

    @Override
    public String toString() {
        return "unused";
    }
}
