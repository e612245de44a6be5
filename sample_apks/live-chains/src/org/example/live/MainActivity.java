package org.example.live;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;

/** Asks the server whether it is there. */
public final class MainActivity extends Activity implements Runnable {
    private static final String STATUS = "https://api.live.example.com/status";

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        new Thread(this).start();
    }

    @Override
    public void run() {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL(STATUS).openConnection();
            Log.i("status", STATUS + " answered " + connection.getResponseCode());
            connection.disconnect();
        } catch (IOException e) {
            Log.w("status", STATUS + " did not answer", e);
        }
    }
}
