package org.example.tlsshrunk;

import android.util.Log;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSession;

/** What the second version has and the first has not: more classes, so that the names of the others change. */
final class Added {
    private static final List<String> LINES = new ArrayList<>();

    private Added() {
    }

    static void note(String line) {
        for (Step step : new Step[] {new Count(), new Keep(), new Show()}) {
            step.take(line);
        }
    }

    interface Step {
        void take(String line);
    }

    static final class Count implements Step {
        @Override
        public void take(String line) {
            Log.i("tls", line + LINES.size());
        }
    }

    static final class Keep implements Step {
        @Override
        public void take(String line) {
            LINES.add(line);
        }
    }

    static final class Show implements Step {
        @Override
        public void take(String line) {
            for (String one : LINES) {
                Log.i("tls", one);
            }
        }
    }
}

class AcceptsShortChains extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        Added.note(authType);
        if (chain.length > 3) {
            throw new CertificateException("too long");
        }
    }
}

class AsksPlatformLast implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        Added.note(host);
        return HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
    }
}
