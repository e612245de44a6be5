package org.example.javaclients;

import android.util.Log;
import java.io.IOException;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** Clients with interceptors. */
final class Watched {
    private Watched() {
    }

    static OkHttpClient client() {
        return new OkHttpClient.Builder()
                .addInterceptor(new Headers())
                .addInterceptor(new AnswerPins())
                .addNetworkInterceptor(new ConnectionPins())
                .build();
    }

    static int calls() throws IOException {
        Request request = new Request.Builder().url("https://answers.javaclients.test/").build();
        return ClientsApp.watched.newCall(request).execute().code() + misplaced() + listed();
    }

    private static int misplaced() throws IOException {
        OkHttpClient client = new OkHttpClient.Builder().addInterceptor(new MisplacedPins()).build();
        Request request = new Request.Builder().url("https://misplaced.javaclients.test/").build();
        return client.newCall(request).execute().code();
    }

    private static int listed() throws IOException {
        OkHttpClient.Builder builder = new OkHttpClient.Builder();
        builder.interceptors().add(new ListedPins("DIMk0LDm2gGjllopMtEiimSsBlldYJgAT/z7AC+p4Ys="));
        Log.d("clients", new UnusedPins().toString());
        Request request = new Request.Builder().url("https://listed.javaclients.test/").build();
        return builder.build().newCall(request).execute().code();
    }
}
