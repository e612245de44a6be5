package org.example.tlsmore;

import android.util.Log;
import java.io.IOException;
import java.security.cert.X509Certificate;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.apache.http.conn.ssl.AbstractVerifier;
import org.apache.http.conn.ssl.X509HostnameVerifier;

/** Host name verifiers, one for each thing that they accept. */
final class Verifiers {
    private Verifiers() {
    }
}

class Negates implements HostnameVerifier {
    private final HostnameVerifier platform = HttpsURLConnection.getDefaultHostnameVerifier();

    @Override
    public boolean verify(String host, SSLSession session) {
        return !platform.verify(host, session);
    }
}

class IgnoresAnswer implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
        return true;
    }
}

class ContainsText implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.contains("tlsmore");
    }
}

class BeginsWith implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.toLowerCase().startsWith("api.");
    }
}

class SuffixWithDot implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.endsWith(".tlsmore.example.com");
    }
}

class ValidSession implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return session.isValid();
    }
}

class GuardsNull implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        if (host == null || session == null) {
            return false;
        }
        Log.i("tls", session.getProtocol());
        return true;
    }
}

/** Looks at the certificate, and accepts it whatever it says. */
class LooksAndAccepts implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            Log.i("tls", certificate.getSubjectDN().getName());
        } catch (SSLException e) {
            Log.i("tls", "no certificate");
        }
        return true;
    }
}

/** The answer is the platform's, by way of a variable and two returns. */
class AsksCarefully implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        boolean right = false;
        try {
            right = HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
        } catch (IllegalStateException e) {
            Log.i("tls", "no answer");
        }
        if (right) {
            return true;
        }
        return false;
    }
}

/** Refuses one name, and asks the platform about all others. */
class RefusesOne implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        if (host.contains("old")) {
            return false;
        }
        return HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
    }
}

/** The void forms of Apache's verifiers accept by not throwing. */
class ApacheSilence implements X509HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return true;
    }

    @Override
    public void verify(String host, SSLSocket socket) throws IOException {
    }

    @Override
    public void verify(String host, X509Certificate certificate) throws SSLException {
    }

    @Override
    public void verify(String host, String[] cns, String[] subjectAlts) throws SSLException {
    }
}

class ApacheEmpty extends AbstractVerifier {
    @Override
    public void verify(String host, String[] cns, String[] subjectAlts) throws SSLException {
    }
}

class ApacheCompares extends AbstractVerifier {
    @Override
    public void verify(String host, String[] cns, String[] subjectAlts) throws SSLException {
        for (String name : subjectAlts) {
            if (name.equalsIgnoreCase(host)) {
                return;
            }
        }
        throw new SSLException("another name");
    }
}

class UnusedContains implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.contains("example");
    }
}
