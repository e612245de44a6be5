package org.example.tlsshrunk;

import android.app.Application;
import android.content.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Puts every trust manager and verifier to use but those whose names begin with Unused. */
public class CallbackApp extends Application {
    @Override
    public void onCreate() {
        Added.note("start");
        try {
            verifiers();
            managers();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void managers() throws IOException, GeneralSecurityException {
        trust(new AcceptsShortChains());
        trust(new AcceptsAll());
        trust(new GuardsNull());
        trust(new SwallowsRefusal());
        trust(new LooksAtDates());
        trust(new ComparesIssuer());
        trust(new AsksSetting(getSharedPreferences("tls", Context.MODE_PRIVATE)));
        trust(new VerifiesItself());
        trust(new PinsAnywhere());
        trust(new PinsLeaf());
        trust(new PinsAfterwards());
        trust(new PinsValidated());
        trust(new Hands());
        trust(new TrustsOwnStore(anchor()));
        trust(new Refuses());
    }

    /** A certificate that comes with the app; this one cannot be read, which does not matter here. */
    private static X509Certificate anchor() throws GeneralSecurityException {
        byte[] encoded = {48, 3, 2, 1, 0};
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(encoded));
    }

    private static void verifiers() throws IOException {
        name(new AsksPlatformLast());
        name(new EveryName());
        name(new CatchesRefusal());
        name(new SameAsAsked());
        name(new SuffixWithoutDot());
        name(new ListedNames());
        name(new AsksPlatform());
        name(new ComparesAlternativeNames());
        name(new NoName());
    }

    private static HttpsURLConnection open() throws IOException {
        return (HttpsURLConnection) new URL("https://api.tlsshrunk.example.com/").openConnection();
    }

    private static void trust(X509TrustManager manager) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {manager}, null);
        HttpsURLConnection connection = open();
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.connect();
    }

    private static void name(HostnameVerifier verifier) throws IOException {
        HttpsURLConnection connection = open();
        connection.setHostnameVerifier(verifier);
        connection.connect();
    }
}
