package org.example.javapins;

import android.app.Application;
import java.util.ArrayList;
import java.util.List;
import okhttp3.OkHttpClient;

/** Makes every client of the app; each class beside it shows some ways to write down pins. */
public final class PinsApp extends Application {
    static final List<OkHttpClient> CLIENTS = new ArrayList<>();

    @Override
    public void onCreate() {
        super.onCreate();
        new Literals().addTo(CLIENTS);
        new Texts(this).addTo(CLIENTS);
        new Loops().addTo(CLIENTS);
        new Helpers().addTo(CLIENTS);
        new Objects(this).addTo(CLIENTS);
        new Providers().addTo(CLIENTS);
        new Choices().addTo(CLIENTS);
        new Hidden(this).addTo(CLIENTS);
        new Pinners().addTo(CLIENTS);
        OtherStacks.start(this);
    }
}
