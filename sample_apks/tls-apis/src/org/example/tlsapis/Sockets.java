package org.example.tlsapis;

import android.net.SSLCertificateSocketFactory;
import android.os.Build;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.java_websocket.client.WebSocketClient;

/** Sockets and engines made by hand, one class for each thing that may become of the server's name. */
final class Sockets {
    static final String HOST = "raw.tlsapis.example.com";

    private Sockets() {
    }

    static void run() throws IOException, GeneralSecurityException {
        NoCheck.run();
        HandshakeAlone.run();
        ConnectsLater.run();
        ChecksEndpoint.run();
        AsksVerifier.run();
        IgnoresVerifier.run();
        ClearsEndpoint.run();
        LayersWithoutCheck.run();
        LayersAndChecks.run();
        EngineWithoutCheck.run();
        EngineThatChecks.run();
        ByAddress.run();
        ByName.run();
        Insecure.run();
        ServerSide.run();
        ComparesByHand.run();
        new Careless(URI.create("wss://careless.tlsapis.example.com/")).connect();
        new Careful(URI.create("wss://careful.tlsapis.example.com/")).connect();
        new CarefulFromNougat(URI.create("wss://nougat.tlsapis.example.com/")).connect();
    }

    static SSLSocket open() throws IOException {
        return (SSLSocket) SSLSocketFactory.getDefault().createSocket(HOST, 443);
    }
}

class NoCheck {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("nocheck.tlsapis.example.com", 443);
        socket.startHandshake();
        socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
    }
}

class HandshakeAlone {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("shake.tlsapis.example.com", 443);
        socket.startHandshake();
        socket.close();
    }
}

class ConnectsLater {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket();
        socket.connect(new InetSocketAddress("later.tlsapis.example.com", 8443), 5000);
        socket.getOutputStream().write(1);
    }
}

class UnusedNoCheck {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("unused.tlsapis.example.com", 443);
        socket.getOutputStream().write(1);
    }
}

class ChecksEndpoint {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("checks.tlsapis.example.com", 443);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        socket.getOutputStream().write(1);
    }
}

class AsksVerifier {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("asks.tlsapis.example.com", 443);
        socket.startHandshake();
        HostnameVerifier verifier = HttpsURLConnection.getDefaultHostnameVerifier();
        if (!verifier.verify("asks.tlsapis.example.com", socket.getSession())) {
            socket.close();
            throw new SSLPeerUnverifiedException("another server");
        }
        socket.getOutputStream().write(1);
    }
}

class IgnoresVerifier {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("ignores.tlsapis.example.com", 443);
        socket.startHandshake();
        HttpsURLConnection.getDefaultHostnameVerifier().verify("ignores.tlsapis.example.com", socket.getSession());
        socket.getOutputStream().write(1);
    }
}

class ClearsEndpoint {
    static void run() throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("clears.tlsapis.example.com", 443);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm(null);
        socket.setSSLParameters(parameters);
        socket.getOutputStream().write(1);
    }
}

class LayersWithoutCheck {
    static void run() throws IOException {
        Socket plain = new Socket("layered.tlsapis.example.com", 5222);
        plain.getOutputStream().write("STARTTLS\r\n".getBytes());
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket socket = (SSLSocket) factory.createSocket(plain, "layered.tlsapis.example.com", 5222, true);
        socket.getOutputStream().write(1);
    }
}

class LayersAndChecks {
    static void run() throws IOException {
        Socket plain = new Socket();
        plain.connect(new InetSocketAddress("layers.tlsapis.example.com", 5222), 1000);
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket socket = (SSLSocket) factory.createSocket(plain, "layers.tlsapis.example.com", 5222, true);
        SSLParameters parameters = new SSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.getOutputStream().write(1);
    }
}

class EngineWithoutCheck {
    static void run() throws IOException, GeneralSecurityException {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine("engine.tlsapis.example.com", 443);
        engine.setUseClientMode(true);
        engine.beginHandshake();
        engine.wrap(ByteBuffer.allocate(16), ByteBuffer.allocate(20_000));
    }
}

class EngineThatChecks {
    static void run() throws IOException, GeneralSecurityException {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine("engine2.tlsapis.example.com", 443);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        engine.beginHandshake();
        engine.wrap(ByteBuffer.allocate(16), ByteBuffer.allocate(20_000));
    }
}

class ByAddress {
    static void run() throws IOException {
        InetAddress address = InetAddress.getByName("address.tlsapis.example.com");
        Socket socket = SSLCertificateSocketFactory.getDefault(5000).createSocket(address, 443);
        socket.getOutputStream().write(1);
    }
}

class ByName {
    static void run() throws IOException {
        Socket socket = SSLCertificateSocketFactory.getDefault(5000).createSocket("name.tlsapis.example.com", 443);
        socket.getOutputStream().write(1);
    }
}

class Insecure {
    static void run() throws IOException {
        HttpsURLConnection.setDefaultSSLSocketFactory(SSLCertificateSocketFactory.getInsecure(5000, null));
    }
}

class ServerSide {
    static void run() throws IOException, GeneralSecurityException {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(false);
        engine.beginHandshake();
        SSLServerSocketFactory.getDefault().createServerSocket(8443);
    }
}

/** Compares what the server shows with a key, in its own way. */
class ComparesByHand {
    static void run() throws IOException {
        SSLSocket socket = Sockets.open();
        socket.startHandshake();
        byte[] key = socket.getSession().getPeerCertificates()[0].getPublicKey().getEncoded();
        if (!Arrays.equals(key, new byte[] {48, 3, 2, 1, 0})) {
            throw new SSLPeerUnverifiedException("another key");
        }
        socket.getOutputStream().write(1);
    }
}

class Careless extends WebSocketClient {
    Careless(URI server) {
        super(server);
    }

    @Override
    protected void onSetSSLParameters(SSLParameters parameters) {
        parameters.setUseCipherSuitesOrder(false);
    }
}

class Careful extends WebSocketClient {
    Careful(URI server) {
        super(server);
    }

    @Override
    protected void onSetSSLParameters(SSLParameters parameters) {
        super.onSetSSLParameters(parameters);
    }
}

/** Below API 24 the platform has no endpoint identification, and the call of the superclass fails. */
class CarefulFromNougat extends WebSocketClient {
    CarefulFromNougat(URI server) {
        super(server);
    }

    @Override
    protected void onSetSSLParameters(SSLParameters parameters) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.N) {
            super.onSetSSLParameters(parameters);
        }
    }
}
