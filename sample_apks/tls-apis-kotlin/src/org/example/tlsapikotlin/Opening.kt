package org.example.tlsapikotlin

import java.net.InetSocketAddress
import java.net.Socket
import javax.net.ssl.SSLParameters
import javax.net.ssl.SSLSocket
import javax.net.ssl.SSLSocketFactory

/** What the other files open sockets with. */
internal val platformFactory: SSLSocketFactory by lazy { SSLSocketFactory.getDefault() as SSLSocketFactory }

/** For samples about versions and suites, which send nothing. */
internal fun openSocket(): SSLSocket =
    platformFactory.createSocket("versions.tlsapikotlin.example.com", 443) as SSLSocket

/** Asks for the check of the name. */
internal fun SSLSocket.identified(): SSLSocket = apply {
    sslParameters = sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
}

/** Does with the parameters what the caller says. */
internal fun SSLSocket.configure(block: SSLParameters.() -> Unit): SSLSocket {
    val parameters = sslParameters
    parameters.block()
    sslParameters = parameters
    return this
}

internal fun SSLSocket.greet() {
    outputStream.bufferedWriter().run {
        write("GET / HTTP/1.0\r\n\r\n")
        flush()
    }
}

/** Asks for the check on every socket that it makes. */
internal class CheckingFactory(private val inner: SSLSocketFactory) : SSLSocketFactory() {
    override fun getDefaultCipherSuites(): Array<String> = inner.defaultCipherSuites
    override fun getSupportedCipherSuites(): Array<String> = inner.supportedCipherSuites
    override fun createSocket(): Socket = inner.createSocket().checked()
    override fun createSocket(host: String, port: Int): Socket = inner.createSocket(host, port).checked()
    override fun createSocket(host: String, port: Int, local: java.net.InetAddress, localPort: Int): Socket =
        inner.createSocket(host, port, local, localPort).checked()
    override fun createSocket(host: java.net.InetAddress, port: Int): Socket = inner.createSocket(host, port).checked()
    override fun createSocket(
        host: java.net.InetAddress,
        port: Int,
        local: java.net.InetAddress,
        localPort: Int,
    ): Socket = inner.createSocket(host, port, local, localPort).checked()
    override fun createSocket(socket: Socket, host: String, port: Int, close: Boolean): Socket =
        inner.createSocket(socket, host, port, close).checked()

    private fun Socket.checked(): Socket = (this as? SSLSocket)?.identified() ?: this
}

/** Narrows versions, and leaves the name alone. */
internal class NewVersionsFactory(private val inner: SSLSocketFactory) : SSLSocketFactory() {
    override fun getDefaultCipherSuites(): Array<String> = inner.defaultCipherSuites
    override fun getSupportedCipherSuites(): Array<String> = inner.supportedCipherSuites
    override fun createSocket(): Socket = inner.createSocket().narrowed()
    override fun createSocket(host: String, port: Int): Socket = inner.createSocket(host, port).narrowed()
    override fun createSocket(host: String, port: Int, local: java.net.InetAddress, localPort: Int): Socket =
        inner.createSocket(host, port, local, localPort).narrowed()
    override fun createSocket(host: java.net.InetAddress, port: Int): Socket = inner.createSocket(host, port).narrowed()
    override fun createSocket(
        host: java.net.InetAddress,
        port: Int,
        local: java.net.InetAddress,
        localPort: Int,
    ): Socket = inner.createSocket(host, port, local, localPort).narrowed()
    override fun createSocket(socket: Socket, host: String, port: Int, close: Boolean): Socket =
        inner.createSocket(socket, host, port, close).narrowed()

    private fun Socket.narrowed(): Socket = apply {
        if (this is SSLSocket) enabledProtocols = arrayOf(TLS_1_2)
    }

    private companion object {
        const val TLS_1_2 = "TLSv1.2"
    }
}

internal fun remote(host: String, port: Int = 443) = InetSocketAddress(host, port)
