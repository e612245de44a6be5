package org.example.javaclients;

import android.app.Activity;
import android.util.Log;
import java.io.IOException;

/** Makes every call of the app. */
public final class MainActivity extends Activity {
    @Override
    protected void onResume() {
        super.onResume();
        try {
            int codes = Pinned.calls() + Plain.calls() + Watched.calls() + Settings.calls();
            Log.d("clients", String.valueOf(codes));
        } catch (IOException e) {
            Log.d("clients", "no answer", e);
        }
    }
}
