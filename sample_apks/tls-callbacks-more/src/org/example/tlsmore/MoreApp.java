package org.example.tlsmore;

import android.app.Application;
import android.util.Log;
import java.io.IOException;
import java.net.URL;
import java.security.GeneralSecurityException;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.http.conn.ssl.SSLSocketFactory;
import org.apache.http.conn.ssl.X509HostnameVerifier;

/** Puts every trust manager and verifier to use but KeptAside and those whose names begin with Unused. */
public class MoreApp extends Application {
    @Override
    public void onCreate() {
        try {
            managers();
            verifiers();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void managers() throws IOException, GeneralSecurityException {
        trust(new FindsAllGood());
        trust(new FindsGoodWhatPlatformFinds());
        trust(new InheritsAcceptance());
        trust(new ReturnsInFinally());
        trust(new CatchesThrowable());
        trust(new RefusesInCallee());
        trust(new RecordsThenRefuses());
        trust(new RefusesAtLast());
        trust(new PinsLikeFabric());
        trust(new AsksProperty());
        trust(new HandsEverything());
        trust(new AcceptsForSockets());
        trust(new AcceptsWithHost());
        trust(new AsksWithHost());
        Log.i("tls", "kept aside: " + new KeptAside());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new ForWholeProcess()}, null);
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
    }

    private static void verifiers() throws IOException {
        name(new Negates());
        name(new IgnoresAnswer());
        name(new ContainsText());
        name(new BeginsWith());
        name(new SuffixWithDot());
        name(new ValidSession());
        name(new GuardsNull());
        name(new LooksAndAccepts());
        name(new AsksCarefully());
        name(new RefusesOne());
        HttpsURLConnection.setDefaultHostnameVerifier((host, session) -> true);
        apache(new ApacheSilence());
        apache(new ApacheEmpty());
        apache(new ApacheCompares());
    }

    private static HttpsURLConnection open() throws IOException {
        return (HttpsURLConnection) new URL("https://api.tlsmore.example.com/").openConnection();
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

    private static void apache(X509HostnameVerifier verifier) {
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(verifier);
    }
}
