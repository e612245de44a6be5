package org.example.tlsshrunk;

import android.util.Log;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Host name verifiers, one for each thing that they accept. */
final class Verifiers {
    private Verifiers() {
    }
}

class EveryName implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        Log.i("tls", host);
        return true;
    }
}

class UnusedEveryName implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return true;
    }
}

class CatchesRefusal implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        try {
            session.getPeerCertificates();
            return HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
        } catch (SSLPeerUnverifiedException e) {
            return true;
        }
    }
}

class SameAsAsked implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.equalsIgnoreCase(session.getPeerHost());
    }
}

class SuffixWithoutDot implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return host.endsWith(".tlsshrunk.example.com")
                && HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
    }
}

class ListedNames implements HostnameVerifier {
    private static final List<String> NAMES =
            Arrays.asList("one.tlsshrunk.example.com", "two.tlsshrunk.example.com");

    @Override
    public boolean verify(String host, SSLSession session) {
        return NAMES.contains(host) || HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);
    }
}

class AsksPlatform implements HostnameVerifier {
    private final HostnameVerifier platform = HttpsURLConnection.getDefaultHostnameVerifier();

    @Override
    public boolean verify(String host, SSLSession session) {
        boolean right = platform.verify(host, session);
        if (!right) {
            Log.i("tls", "wrong name " + host);
        }
        return right;
    }
}

class ComparesAlternativeNames implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names == null) {
                return false;
            }
            for (List<?> name : names) {
                if (Integer.valueOf(2).equals(name.get(0)) && host.equalsIgnoreCase((String) name.get(1))) {
                    return true;
                }
            }
            return false;
        } catch (SSLPeerUnverifiedException | CertificateParsingException e) {
            return false;
        }
    }
}

class NoName implements HostnameVerifier {
    @Override
    public boolean verify(String host, SSLSession session) {
        return false;
    }
}
