package org.example.modules.extra;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import java.io.IOException;
import java.net.URL;

/** What a feature module adds: it talks to another host. */
public final class ExtraActivity extends Activity implements Runnable {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        new Thread(this).start();
    }

    @Override
    public void run() {
        try {
            new URL("https://extra.modules.example.org/").openConnection().connect();
        } catch (IOException e) {
            Log.w("extra", "no answer", e);
        }
    }
}
