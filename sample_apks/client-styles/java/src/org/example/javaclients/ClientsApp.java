package org.example.javaclients;

import android.app.Application;
import okhttp3.OkHttpClient;

/** Holds the clients that several screens share. */
public final class ClientsApp extends Application {
    static OkHttpClient pinned;
    static OkHttpClient watched;
    static OkHttpClient images;

    @Override
    public void onCreate() {
        super.onCreate();
        pinned = Pinned.client();
        watched = Watched.client();
        images = new OkHttpClient();
    }
}
