package org.example.okpins;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import java.io.IOException;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Request;
import okhttp3.Response;

/** Asks the server whether it is there. */
public final class MainActivity extends Activity implements Callback {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        Request request = new Request.Builder().url("https://" + Clients.HOST + "/status").build();
        ((PinnedApp) getApplication()).client().newCall(request).enqueue(this);
    }

    @Override
    public void onResponse(Call call, Response response) {
        Log.i("status", Clients.HOST + " answered " + response.code());
        response.close();
    }

    @Override
    public void onFailure(Call call, IOException e) {
        Log.w("status", Clients.HOST + " did not answer", e);
    }
}
