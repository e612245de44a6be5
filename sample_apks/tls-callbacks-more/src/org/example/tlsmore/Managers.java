package org.example.tlsmore;

import android.net.http.X509TrustManagerExtensions;
import android.util.Log;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/** Where the sound ones among the trust managers get what they ask. */
final class Managers {
    /** A digest of no key. */
    static final byte[] PIN = {12, 99, -32, 11, -3, 18, 90, 44, 61, -77, 5, 29, 103, -41, 88, 2, 17, 54, -9, 120, 33, -61,
        7, 84, -115, 26, 99, -20, 41, 73, -52, 10};

    private Managers() {
    }

    static X509TrustManager platform() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager) {
                    return (X509TrustManager) manager;
                }
            }
            throw new IllegalStateException("no trust manager");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

abstract class ClientSide implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return null;
    }
}

/** What the classes below it check decides. */
abstract class Template extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        Log.i("tls", authType);
        if (!isGood(chain, authType)) {
            throw new CertificateException("not good");
        }
    }

    abstract boolean isGood(X509Certificate[] chain, String authType);
}

class FindsAllGood extends Template {
    @Override
    boolean isGood(X509Certificate[] chain, String authType) {
        return true;
    }
}

class FindsGoodWhatPlatformFinds extends Template {
    @Override
    boolean isGood(X509Certificate[] chain, String authType) {
        try {
            Managers.platform().checkServerTrusted(chain, authType);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }
}

/** Inherits the body that accepts. */
class InheritsAcceptance extends FindsAllGood {
}

class ReturnsInFinally extends ClientSide {
    @Override
    @SuppressWarnings("finally")
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            Managers.platform().checkServerTrusted(chain, authType);
        } finally {
            return;
        }
    }
}

class CatchesThrowable extends ClientSide {
    private String last;

    @Override
    public synchronized void checkServerTrusted(X509Certificate[] chain, String authType) {
        try {
            Managers.platform().checkServerTrusted(chain, authType);
        } catch (Throwable e) {
            last = e.toString();
        }
    }
}

/** The refusal is in the callee, so that the body itself throws nothing. */
class RefusesInCallee extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        Checks.require(chain, authType);
    }
}

final class Checks {
    private Checks() {
    }

    static void require(X509Certificate[] chain, String authType) throws CertificateException {
        requireKnown(chain, authType);
    }

    private static void requireKnown(X509Certificate[] chain, String authType) throws CertificateException {
        Managers.platform().checkServerTrusted(chain, authType);
    }
}

/** Looks like swallowing: it keeps the refusal, and throws it behind the handler. */
class RecordsThenRefuses extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        CertificateException refusal = null;
        synchronized (this) {
            try {
                Managers.platform().checkServerTrusted(chain, authType);
            } catch (CertificateException e) {
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
    }
}

class RefusesAtLast extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            Managers.platform().checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            throw new IllegalArgumentException(e);
        } finally {
            Log.i("tls", "done");
        }
    }
}

/** Validates, cleans the chain and pins the keys in it, as the SDKs that came with Fabric did. */
class PinsLikeFabric extends ClientSide {
    private final X509TrustManager[] systems = {Managers.platform()};
    private final List<byte[]> pins = Collections.singletonList(Managers.PIN);
    private final Set<X509Certificate> seen = Collections.synchronizedSet(new HashSet<X509Certificate>());

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (seen.contains(chain[0])) {
            return;
        }
        checkSystem(chain, authType);
        checkPins(chain, authType);
        seen.add(chain[0]);
    }

    private void checkSystem(X509Certificate[] chain, String authType) throws CertificateException {
        for (X509TrustManager manager : systems) {
            manager.checkServerTrusted(chain, authType);
        }
    }

    private void checkPins(X509Certificate[] chain, String authType) throws CertificateException {
        X509TrustManagerExtensions platform = new X509TrustManagerExtensions(systems[0]);
        for (X509Certificate certificate : platform.checkServerTrusted(chain, authType, "api.tlsmore.example.com")) {
            if (isPinned(certificate)) {
                return;
            }
        }
        throw new CertificateException("No valid pins found in chain!");
    }

    private boolean isPinned(X509Certificate certificate) throws CertificateException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getPublicKey().getEncoded());
            for (byte[] pin : pins) {
                if (Arrays.equals(pin, digest)) {
                    return true;
                }
            }
            return false;
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }
}

class AsksProperty extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if ("true".equals(System.getProperty("tls.lenient"))) {
            return;
        }
        Managers.platform().checkServerTrusted(chain, authType);
    }
}

/** Every overload refuses what the platform refuses. */
class HandsEverything extends X509ExtendedTrustManager {
    final X509TrustManager platform = Managers.platform();

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        platform.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) throws CertificateException {
        platform.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        platform.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return platform.getAcceptedIssuers();
    }
}

/** The overload with a socket is the one that the platform calls. */
class AcceptsForSockets extends HandsEverything {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
    }
}

/** The platform finds the overload with the host by reflection, and calls that. */
class AcceptsWithHost extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        Managers.platform().checkServerTrusted(chain, authType);
    }

    public List<X509Certificate> checkServerTrusted(X509Certificate[] chain, String authType, String host) {
        return new ArrayList<>(Arrays.asList(chain));
    }
}

class AsksWithHost extends ClientSide {
    private final X509TrustManagerExtensions platform = new X509TrustManagerExtensions(Managers.platform());

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("the host is missing");
    }

    public List<X509Certificate> checkServerTrusted(X509Certificate[] chain, String authType, String host)
            throws CertificateException {
        return platform.checkServerTrusted(chain, authType, host);
    }
}

class KeptAside extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
    }
}

class ForWholeProcess extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
    }
}

class UnusedLooksAtDates extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        chain[0].checkValidity();
    }
}
