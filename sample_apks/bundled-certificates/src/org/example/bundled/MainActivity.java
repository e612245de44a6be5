package org.example.bundled;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Connects with a client certificate, and with the authorities in a key store. */
public final class MainActivity extends Activity {
    private static final String STORE_PASSWORD = "sample-store-password";

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        new Thread(this::connect).start();
    }

    private void connect() {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance("X509");
            keys.init(client(), STORE_PASSWORD.toCharArray());
            TrustManagerFactory trust = TrustManagerFactory.getInstance("X509");
            trust.init(authorities());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            HttpsURLConnection connection =
                (HttpsURLConnection) new URL("https://api.bundled.example.com/status").openConnection();
            connection.setSSLSocketFactory(context.getSocketFactory());
            Log.i("status", "answered " + connection.getResponseCode() + " to " + Certificates.PUBLIC_KEY);
        } catch (IOException | GeneralSecurityException e) {
            Log.w("status", "did not answer", e);
        }
    }

    private KeyStore client() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(getAssets().open("client.dat"), STORE_PASSWORD.toCharArray());
        return store;
    }

    private KeyStore authorities() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("BKS");
        InputStream file = new BufferedInputStream(getResources().openRawResource(R.raw.truststore));
        store.load(file, "sample-trust-password".toCharArray());
        store.setCertificateEntry("array", parsed(Certificates.ARRAY));
        store.setCertificateEntry("text", parsed(Certificates.TEXT.getBytes(StandardCharsets.US_ASCII)));
        return store;
    }

    private static Certificate parsed(byte[] encoded) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }
}
