package org.example.javaclients;

import java.io.IOException;
import java.security.cert.Certificate;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Compares the leaf's key once the answer is there, for one host. */
final class AnswerPins implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
        Response response = chain.proceed(chain.request());
        if (chain.request().url().host().equals("answers.javaclients.test")) {
            Certificate leaf = response.handshake().peerCertificates().get(0);
            if (!Keys.digest(leaf).equals("ezUn2reI7JR27RWUctvi1gpEy4t8LRV2LaZWCzKGpdo=")) {
                response.close();
                throw new IOException("unexpected key of the answer");
            }
        }
        return response;
    }
}
