package org.example.javapins;

import android.app.Activity;
import android.util.Log;
import java.io.IOException;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** Calls with every client. */
public final class MainActivity extends Activity {
    @Override
    protected void onResume() {
        super.onResume();
        for (OkHttpClient client : PinsApp.CLIENTS) {
            Request request = new Request.Builder().url(getIntent().getDataString()).build();
            try {
                Log.d("pins", String.valueOf(client.newCall(request).execute().code()));
            } catch (IOException e) {
                Log.d("pins", "no answer", e);
            }
        }
    }
}
