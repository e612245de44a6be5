package org.example.verdicts;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import java.io.IOException;
import java.net.URL;
import java.security.GeneralSecurityException;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Asks one host that is held to its certificate; the policy pins the others. */
public final class MainActivity extends Activity {
    private static final String BELOW = "https://api.wild.verdicts.example.com/";
    private static final String ELSEWHERE = "https://port.verdicts.example.com:8443/";

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        new Thread(this::run).start();
    }

    private void run() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new LeafCertificate()}, null);
            HttpsURLConnection connection =
                (HttpsURLConnection) new URL("https://cert.verdicts.example.com/status").openConnection();
            connection.setSSLSocketFactory(context.getSocketFactory());
            Log.i("status", "answered " + connection.getResponseCode() + ", next " + BELOW + " and " + ELSEWHERE);
            connection.disconnect();
        } catch (IOException | GeneralSecurityException e) {
            Log.w("status", "did not answer", e);
        }
    }
}
