package org.example.tlsapis;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Collections;
import javax.net.ssl.TrustManagerFactory;

/** The store of the device's authorities, for which code may ask by name. */
final class Stores {
    private Stores() {
    }

    static void run() throws IOException, GeneralSecurityException {
        DeviceStore.run();
        CountsAuthorities.run();
        SystemAuthorities.run();
    }

    static KeyStore device() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("AndroidCAStore");
        store.load(null, null);
        return store;
    }

    static void trust(KeyStore store) throws IOException, GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        Helpers.trust(factory.getTrustManagers());
    }
}

/** Trusts what the user installed. */
class DeviceStore {
    static void run() throws IOException, GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(Stores.device());
        Helpers.trust(factory.getTrustManagers());
    }
}

/** Reads the store, and makes no trust of it. */
class CountsAuthorities {
    static int run() throws IOException, GeneralSecurityException {
        int count = 0;
        for (String alias : Collections.list(Stores.device().aliases())) {
            if (alias.startsWith("user:")) {
                count++;
            }
        }
        return count;
    }
}

/** Takes the system's authorities alone. */
class SystemAuthorities {
    static void run() throws IOException, GeneralSecurityException {
        KeyStore device = Stores.device();
        KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
        own.load(null, null);
        for (String alias : Collections.list(device.aliases())) {
            if (alias.startsWith("system:")) {
                own.setCertificateEntry(alias, device.getCertificate(alias));
            }
        }
        Stores.trust(own);
    }
}
