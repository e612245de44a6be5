package org.example.tlsapis;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import javax.net.SocketFactory;

/** Sockets without TLS: those to a known remote host are to be found. */
final class PlainSockets {
    private PlainSockets() {
    }

    static void run(String given) throws IOException {
        Socket constructed = new Socket("plain.tlsapis.example.com", 80);
        constructed.getOutputStream().write(1);
        Socket connected = new Socket();
        connected.connect(new InetSocketAddress("connected.tlsapis.example.com", 5222), 1000);
        connected.getOutputStream().write(1);
        Socket made = SocketFactory.getDefault().createSocket("made.tlsapis.example.com", 21);
        made.getOutputStream().write(1);
        Socket printer = new Socket("192.168.1.20", 9100);
        printer.getOutputStream().write(1);
        Socket local = new Socket();
        local.connect(new InetSocketAddress("localhost", 8080));
        local.getOutputStream().write(1);
        Socket unknown = new Socket();
        unknown.connect(new InetSocketAddress(given, 8080));
        unknown.getOutputStream().write(1);
        new InetSocketAddress("proxy.tlsapis.example.com", 3128);
        Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress("proxy2.tlsapis.example.com", 3128));
        new Socket(proxy).close();
    }
}
