package org.example.tlsapis;

import android.util.Log;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;

/** URLs without TLS: what the policy says of each host decides. */
final class Addresses {
    private Addresses() {
    }

    static void run() throws IOException {
        open("http://api.open.tlsapis.example.com/v1");
        open("http://closed.tlsapis.example.com/v1");
        open("http://192.168.0.10/status");
        open("http://localhost:8080/");
        open("https://sound.tlsapis.example.com/");
        Log.i("xml", "http://schemas.android.com/apk/res/android");
        Log.i("xml", "http://www.w3.org/2001/XMLSchema");
        Log.i("licence", "http://www.apache.org/licenses/LICENSE-2.0");
    }

    private static void open(String address) throws IOException {
        ((HttpURLConnection) new URL(address).openConnection()).connect();
    }
}
