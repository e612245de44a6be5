package org.example.okpins;

import android.app.Application;
import okhttp3.OkHttpClient;

/** Keeps the one client of the app. */
public final class PinnedApp extends Application {
    private OkHttpClient client;

    @Override
    public void onCreate() {
        super.onCreate();
        client = Clients.pinned();
    }

    OkHttpClient client() {
        return client;
    }
}
