package org.example.javaclients;

import java.io.IOException;
import okhttp3.Interceptor;
import okhttp3.Response;

/** Has nothing to do with certificates. */
final class Headers implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
        return chain.proceed(chain.request().newBuilder().header("X-Client", "javaclients").build());
    }
}
