package org.example.tlsshrunk;

import android.content.SharedPreferences;
import android.net.http.X509TrustManagerExtensions;
import android.util.Log;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Where the sound ones among the trust managers get what they ask. */
final class Managers {
    /** The SHA-256 digest of a key that is behind no certificate. */
    static final byte[] PIN = {71, -100, 32, 11, -3, 18, 90, 44, 61, -77, 5, 29, 103, -41, 88, 2, 17, 54, -9, 120, 33, -61,
        7, 84, -115, 26, 99, -20, 41, 73, -52, 10};

    private Managers() {
    }

    static X509TrustManager platform(KeyStore anchors) {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(anchors);
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

    static boolean isPinned(X509Certificate certificate) throws CertificateException {
        try {
            byte[] key = certificate.getPublicKey().getEncoded();
            return Arrays.equals(PIN, MessageDigest.getInstance("SHA-256").digest(key));
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }
}

abstract class ClientSide implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}

class AcceptsAll extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
        Log.i("tls", authType);
    }
}

class UnusedAcceptsAll extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
    }
}

class GuardsNull extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
        if (chain == null || chain.length == 0) {
            throw new IllegalArgumentException("no chain");
        }
    }
}

class SwallowsRefusal extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
        try {
            Managers.platform(null).checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            Log.i("tls", "ignored");
        }
    }
}

class LooksAtDates extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        for (X509Certificate certificate : chain) {
            certificate.checkValidity();
        }
    }
}

class ComparesIssuer extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (!chain[0].getIssuerDN().getName().equals("CN=TlsShrunk CA")) {
            throw new CertificateException("not ours");
        }
    }
}

class AsksSetting extends ClientSide {
    private final SharedPreferences settings;

    AsksSetting(SharedPreferences settings) {
        this.settings = settings;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (settings.getBoolean("accept_any_certificate", false)) {
            return;
        }
        Managers.platform(null).checkServerTrusted(chain, authType);
    }
}

class VerifiesItself extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        try {
            chain[0].verify(chain[0].getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }
}

class PinsAnywhere extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        for (X509Certificate certificate : chain) {
            if (Managers.isPinned(certificate)) {
                return;
            }
        }
        throw new CertificateException("no pin");
    }
}

class PinsLeaf extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (!Managers.isPinned(chain[0])) {
            throw new CertificateException("no pin");
        }
    }
}

class PinsAfterwards extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        Managers.platform(null).checkServerTrusted(chain, authType);
        for (X509Certificate certificate : chain) {
            if (Managers.isPinned(certificate)) {
                return;
            }
        }
        throw new CertificateException("no pin");
    }
}

class PinsValidated extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        X509TrustManagerExtensions platform = new X509TrustManagerExtensions(Managers.platform(null));
        List<X509Certificate> path = platform.checkServerTrusted(chain, authType, "api.tlsshrunk.example.com");
        for (X509Certificate certificate : path) {
            if (Managers.isPinned(certificate)) {
                return;
            }
        }
        throw new CertificateException("no pin");
    }
}

class Hands extends ClientSide {
    private final X509TrustManager platform = Managers.platform(null);

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        platform.checkServerTrusted(chain, authType);
    }
}

class TrustsOwnStore extends ClientSide {
    private final X509TrustManager own;

    TrustsOwnStore(X509Certificate anchor) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("ours", anchor);
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        own = (X509TrustManager) factory.getTrustManagers()[0];
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        own.checkServerTrusted(chain, authType);
    }
}

class Refuses extends ClientSide {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("no");
    }
}
