package org.example.tlsapikotlin

import java.net.InetSocketAddress
import java.net.Proxy
import java.net.Socket
import javax.net.SocketFactory

/** Sockets without TLS: those to a known remote host are to be found. */
internal object PlainSockets {
    private const val CHAT_PORT = 5222

    fun run(given: String) {
        Socket("plain.tlsapikotlin.example.com", 80).use { it.getOutputStream().write(1) }
        Socket().use {
            it.connect(InetSocketAddress("connected.tlsapikotlin.example.com", CHAT_PORT), 1000)
            it.getOutputStream().write(1)
        }
        Socket().apply { connect(remote("helped.tlsapikotlin.example.com", CHAT_PORT)) }.getOutputStream().write(1)
        with(SocketFactory.getDefault().createSocket("made.tlsapikotlin.example.com", 21)) { getOutputStream().write(1) }
        Socket("192.168.1.20", 9100).use { it.getOutputStream().write(1) }
        Socket().apply { connect(InetSocketAddress("localhost", 8080)) }.use { it.getOutputStream().write(1) }
        Socket().apply { connect(InetSocketAddress(given, 8080)) }.use { it.getOutputStream().write(1) }
        Socket(Proxy(Proxy.Type.HTTP, InetSocketAddress("proxy.tlsapikotlin.example.com", 3128))).close()
    }
}
