package org.example.javaclients;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.WebSocketListener;

/** Clients without pins. */
final class Plain {
    private Plain() {
    }

    static int calls() throws IOException {
        return shared() + local() + parsed() + passed(new OkHttpClient()) + new Held().call();
    }

    /** The client of a field. */
    private static int shared() throws IOException {
        Request request = new Request.Builder().url("https://images.javaclients.test/a.png").build();
        return ClientsApp.images.newCall(request).execute().code();
    }

    /** A client of this method, with settings that have nothing to do with TLS. */
    private static int local() throws IOException {
        OkHttpClient client = new OkHttpClient.Builder()
                .connectTimeout(10, TimeUnit.SECONDS)
                .readTimeout(20, TimeUnit.SECONDS)
                .build();
        Request request = new Request.Builder()
                .url("https://local.javaclients.test/data")
                .header("Referer", "https://referer.javaclients.test/")
                .build();
        return client.newCall(request).execute().code();
    }

    /** An address that is parsed first. */
    private static int parsed() throws IOException {
        HttpUrl address = HttpUrl.parse("https://parsed.javaclients.test/x");
        return new OkHttpClient().newCall(new Request.Builder().url(address).build()).execute().code();
    }

    /** A client that comes as an argument. */
    private static int passed(OkHttpClient client) throws IOException {
        Request request = new Request.Builder().url("https://passed.javaclients.test/").build();
        return client.newCall(request).execute().code();
    }

    /** A client that an object keeps, for calls and for a web socket. */
    static final class Held {
        private final OkHttpClient client;

        Held() {
            client = new OkHttpClient.Builder().retryOnConnectionFailure(true).build();
        }

        int call() throws IOException {
            Request request = new Request.Builder().url("https://held.javaclients.test/").build();
            Request socket = new Request.Builder().url("wss://socket.javaclients.test/").build();
            client.newWebSocket(socket, new Silent());
            return client.newCall(request).execute().code();
        }
    }

    /** Listens to nothing. */
    static final class Silent extends WebSocketListener {
    }
}
