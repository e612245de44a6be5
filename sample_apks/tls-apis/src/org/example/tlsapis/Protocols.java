package org.example.tlsapis;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Versions and cipher suites that code chooses. */
final class Protocols {
    private Protocols() {
    }

    static void run() throws IOException, GeneralSecurityException {
        OldVersions.run(Sockets.open());
        OldVersionInParameters.run(Sockets.open());
        NewVersions.run(Sockets.open());
        RemovesOldVersions.run(Sockets.open());
        AnonymousSuites.run(Sockets.open());
        BrokenSuites.run(SSLContext.getInstance("TLS").createSSLEngine());
        GoodSuites.run(Sockets.open());
        RemovesBrokenSuites.run(Sockets.open());
        SSLContext.getInstance("SSL");
    }
}

class OldVersions {
    static void run(SSLSocket socket) {
        socket.setEnabledProtocols(new String[] {"TLSv1", "TLSv1.1", "TLSv1.2"});
    }
}

class OldVersionInParameters {
    static void run(SSLSocket socket) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[] {"SSLv3"});
        socket.setSSLParameters(parameters);
    }
}

class NewVersions {
    static void run(SSLSocket socket) {
        socket.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.3"});
    }
}

class RemovesOldVersions {
    static void run(SSLSocket socket) {
        List<String> left = new ArrayList<>(Arrays.asList(socket.getEnabledProtocols()));
        left.remove("SSLv3");
        left.removeAll(Arrays.asList("TLSv1", "TLSv1.1"));
        socket.setEnabledProtocols(left.toArray(new String[0]));
    }
}

class AnonymousSuites {
    static void run(SSLSocket socket) {
        socket.setEnabledCipherSuites(new String[] {"TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA"});
    }
}

class BrokenSuites {
    static void run(SSLEngine engine) {
        engine.setEnabledCipherSuites(new String[] {"SSL_RSA_WITH_RC4_128_MD5", "TLS_AES_128_GCM_SHA256"});
    }
}

class GoodSuites {
    static void run(SSLSocket socket) {
        socket.setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
    }
}

class RemovesBrokenSuites {
    static void run(SSLSocket socket) {
        List<String> left = new ArrayList<>();
        for (String suite : socket.getSupportedCipherSuites()) {
            if (!suite.contains("_RC4_") && !suite.equals("TLS_RSA_WITH_NULL_SHA")) {
                left.add(suite);
            }
        }
        socket.setEnabledCipherSuites(left.toArray(new String[0]));
    }
}
