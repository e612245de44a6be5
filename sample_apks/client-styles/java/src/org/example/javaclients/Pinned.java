package org.example.javaclients;

import java.io.IOException;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** A client with pins, and another made of it. */
final class Pinned {
    private Pinned() {
    }

    static OkHttpClient client() {
        CertificatePinner pinner = new CertificatePinner.Builder()
                .add("pinned.javaclients.test", "sha256/dBQm9qADxnjDM4vg2s1EKPoFskyE/91XPgqGvVAoMrM=", "sha256/RAWv+S7YYwR7ehSKl9z8EY/aESJpV/rPa0PBAzZrHrw=")
                .build();
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }

    static int calls() throws IOException {
        Request request = new Request.Builder().url("https://pinned.javaclients.test/login").build();
        Request derived = new Request.Builder().url("https://derived.javaclients.test/").build();
        OkHttpClient other = ClientsApp.pinned.newBuilder().retryOnConnectionFailure(false).build();
        return ClientsApp.pinned.newCall(request).execute().code() + other.newCall(derived).execute().code();
    }
}
