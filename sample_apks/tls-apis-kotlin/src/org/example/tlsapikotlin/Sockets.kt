package org.example.tlsapikotlin

import android.net.SSLCertificateSocketFactory
import android.util.Log
import java.net.InetAddress
import java.net.Socket
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SNIHostName
import javax.net.ssl.SSLParameters
import javax.net.ssl.SSLPeerUnverifiedException
import javax.net.ssl.SSLServerSocketFactory
import javax.net.ssl.SSLSocket
import javax.net.ssl.SSLSocketFactory

/** Sockets made by hand, one class for each thing that may become of the server's name. */
internal fun sockets() {
    NoCheck.run()
    HandshakeAlone.run()
    ConnectsLater.run()
    CastsSafely.run()
    NamesTheHost.run()
    ChangesCopy.run()
    CatchesAll.run()
    KeepsInProperty("property.tlsapikotlin.example.com").apply { connect() }.send()
    KeepsLazily().send()
    MadeByNewVersions.run()
    LayersWithoutCheck.run()
    ChecksInApply.run()
    ChecksInAlso.run()
    ChecksInExtension.run()
    ChecksInBlock.run()
    ChecksByDefault.run()
    ChecksLazily().send()
    ChecksInProperty("checked.tlsapikotlin.example.com").send()
    MadeByChecking.run()
    LayersAndChecks.run()
    AsksVerifier.run()
    RequiresVerifier.run()
    TakesIfVerified.run()
    TellsWhen.run()
    ReturnsVerdict.run()
    IgnoresVerifier.run()
    IgnoresInLet.run()
    LogsVerdict.run()
    ClearsEndpoint.run()
    ClearsInBlock.run()
    ClearsByArgument.run()
    ByAddress.run()
    ByName.run()
    Insecure.run()
    ServerSide.run()
    ComparesByHand.run()
}

// ---- without a check

object NoCheck {
    fun run() {
        (SSLSocketFactory.getDefault().createSocket("nocheck.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            it.outputStream.write("GET / HTTP/1.0\r\n\r\n".toByteArray())
        }
    }
}

object HandshakeAlone {
    fun run() {
        val socket = platformFactory.createSocket("shake.tlsapikotlin.example.com", 443) as SSLSocket
        socket.use { it.startHandshake() }
    }
}

object ConnectsLater {
    fun run() {
        platformFactory.createSocket()
            .apply { connect(remote("later.tlsapikotlin.example.com", port = 8443), 5000) }
            .getOutputStream()
            .bufferedWriter()
            .use { it.write("hello") }
    }
}

object CastsSafely {
    fun run() {
        (platformFactory.createSocket("casts.tlsapikotlin.example.com", 443) as? SSLSocket)?.run {
            soTimeout = 5000
            startHandshake()
            greet()
        }
    }
}

/** Says which server it wants, which is no check of who answers. */
object NamesTheHost {
    private const val HOST = "names.tlsapikotlin.example.com"

    fun run() {
        with(platformFactory.createSocket(HOST, 443) as SSLSocket) {
            sslParameters = sslParameters.apply { serverNames = listOf(SNIHostName(HOST)) }
            outputStream.write(1)
        }
    }
}

/** The getter returns a copy, which nobody gives back. */
object ChangesCopy {
    fun run() {
        (platformFactory.createSocket("copy.tlsapikotlin.example.com", 443) as SSLSocket).use { socket ->
            socket.sslParameters.endpointIdentificationAlgorithm = "HTTPS"
            socket.outputStream.write(1)
        }
    }
}

object CatchesAll {
    fun run() {
        val socket = platformFactory.createSocket("catches.tlsapikotlin.example.com", 443) as SSLSocket
        runCatching { socket.startHandshake() }
            .onFailure { Log.w("tls", "no handshake", it) }
            .onSuccess { socket.outputStream.write(1) }
    }
}

class KeepsInProperty(private val host: String) {
    private lateinit var socket: SSLSocket

    fun connect(port: Int = 443) {
        socket = platformFactory.createSocket(host, port) as SSLSocket
    }

    fun send() {
        if (::socket.isInitialized) socket.outputStream.write(1)
    }
}

class KeepsLazily {
    private val socket by lazy { platformFactory.createSocket("lazy.tlsapikotlin.example.com", 443) as SSLSocket }

    fun send() = socket.outputStream.write(1)
}

object MadeByNewVersions {
    fun run() {
        (NewVersionsFactory(platformFactory).createSocket("narrowed.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            it.outputStream.write(1)
        }
    }
}

object LayersWithoutCheck {
    fun run() {
        Socket("layered.tlsapikotlin.example.com", 5222)
            .also { it.getOutputStream().write("STARTTLS\r\n".toByteArray()) }
            .let { platformFactory.createSocket(it, "layered.tlsapikotlin.example.com", 5222, true) as SSLSocket }
            .use { it.outputStream.write(1) }
    }
}

object UnusedNoCheck {
    fun run() {
        (SSLSocketFactory.getDefault().createSocket("unused.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.outputStream.write(1)
        }
    }
}

// ---- with endpoint identification

object ChecksInApply {
    fun run() {
        val socket = platformFactory.createSocket("apply.tlsapikotlin.example.com", 443) as SSLSocket
        socket.apply {
            sslParameters = sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
            startHandshake()
        }.use { it.outputStream.write(1) }
    }
}

object ChecksInAlso {
    private const val ALGORITHM = "HTTPS"

    fun run() {
        (platformFactory.createSocket("also.tlsapikotlin.example.com", 443) as SSLSocket)
            .also { it.sslParameters = SSLParameters().also { new -> new.endpointIdentificationAlgorithm = ALGORITHM } }
            .use { it.outputStream.write(1) }
    }
}

object ChecksInExtension {
    fun run() {
        (platformFactory.createSocket("extension.tlsapikotlin.example.com", 443) as SSLSocket).identified().use {
            it.startHandshake()
            it.greet()
        }
    }
}

object ChecksInBlock {
    fun run() {
        (platformFactory.createSocket("block.tlsapikotlin.example.com", 443) as SSLSocket)
            .configure { endpointIdentificationAlgorithm = "HTTPS" }
            .use { it.outputStream.write(1) }
    }
}

object ChecksByDefault {
    fun run() {
        open("default.tlsapikotlin.example.com").use { it.outputStream.write(1) }
        open(host = "default2.tlsapikotlin.example.com", port = 8443).use { it.outputStream.write(1) }
    }

    private fun open(host: String, port: Int = 443, algorithm: String = "HTTPS"): SSLSocket {
        val socket = platformFactory.createSocket(host, port) as SSLSocket
        socket.sslParameters = socket.sslParameters.apply { endpointIdentificationAlgorithm = algorithm }
        return socket
    }
}

class ChecksLazily {
    private val socket by lazy(LazyThreadSafetyMode.NONE) {
        (platformFactory.createSocket("lazy2.tlsapikotlin.example.com", 443) as SSLSocket).identified()
    }

    fun send() = socket.outputStream.write(1)
}

class ChecksInProperty(host: String, port: Int = 443) {
    private val socket: SSLSocket = platformFactory.createSocket(host, port) as SSLSocket

    init {
        socket.sslParameters = socket.sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
    }

    fun send() {
        socket.startHandshake()
        socket.outputStream.write(1)
    }
}

object MadeByChecking {
    fun run() {
        (CheckingFactory(platformFactory).createSocket("checking.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            it.outputStream.write(1)
        }
    }
}

object LayersAndChecks {
    fun run() {
        val plain = Socket().apply { connect(remote("layers.tlsapikotlin.example.com", 5222), 1000) }
        (platformFactory.createSocket(plain, "layers.tlsapikotlin.example.com", 5222, true) as SSLSocket)
            .identified()
            .use { it.outputStream.write(1) }
    }
}

// ---- with a verifier

object AsksVerifier {
    fun run() {
        (platformFactory.createSocket("asks.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            val verifier = HttpsURLConnection.getDefaultHostnameVerifier()
            if (!verifier.verify("asks.tlsapikotlin.example.com", it.session)) {
                throw SSLPeerUnverifiedException("another server")
            }
            it.outputStream.write(1)
        }
    }
}

object RequiresVerifier {
    fun run() {
        (platformFactory.createSocket("requires.tlsapikotlin.example.com", 443) as SSLSocket).apply {
            check(HttpsURLConnection.getDefaultHostnameVerifier().verify("requires.tlsapikotlin.example.com", session)) {
                "another server than ${session.peerHost}"
            }
            outputStream.write(1)
        }
    }
}

object TakesIfVerified {
    fun run() {
        val socket = (platformFactory.createSocket("takes.tlsapikotlin.example.com", 443) as SSLSocket)
            .takeIf { HttpsURLConnection.getDefaultHostnameVerifier().verify("takes.tlsapikotlin.example.com", it.session) }
            ?: throw SSLPeerUnverifiedException("another server")
        socket.outputStream.write(1)
    }
}

object TellsWhen {
    fun run() {
        val socket = platformFactory.createSocket("when.tlsapikotlin.example.com", 443) as SSLSocket
        when (HttpsURLConnection.getDefaultHostnameVerifier().verify("when.tlsapikotlin.example.com", socket.session)) {
            true -> socket.outputStream.write(1)
            else -> socket.close()
        }
    }
}

object ReturnsVerdict {
    fun run() {
        val socket = platformFactory.createSocket("returns.tlsapikotlin.example.com", 443) as SSLSocket
        if (socket.belongsTo("returns.tlsapikotlin.example.com")) socket.greet() else socket.close()
    }

    private fun SSLSocket.belongsTo(host: String) = HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session)
}

object IgnoresVerifier {
    fun run() {
        (platformFactory.createSocket("ignores.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            HttpsURLConnection.getDefaultHostnameVerifier().verify("ignores.tlsapikotlin.example.com", it.session)
            it.outputStream.write(1)
        }
    }
}

object IgnoresInLet {
    fun run() {
        val socket = platformFactory.createSocket("let.tlsapikotlin.example.com", 443) as SSLSocket
        socket.session?.let { HttpsURLConnection.getDefaultHostnameVerifier().verify("let.tlsapikotlin.example.com", it) }
        socket.outputStream.write(1)
    }
}

/** Tells what the verifier says, and goes on whatever it says. */
object LogsVerdict {
    fun run() {
        (platformFactory.createSocket("logs.tlsapikotlin.example.com", 443) as SSLSocket).use {
            val verifier = HttpsURLConnection.getDefaultHostnameVerifier()
            Log.i("tls", "same server: ${verifier.verify("logs.tlsapikotlin.example.com", it.session)}")
            it.outputStream.write(1)
        }
    }
}

// ---- with the check switched off

object ClearsEndpoint {
    fun run() {
        (platformFactory.createSocket("clears.tlsapikotlin.example.com", 443) as SSLSocket).apply {
            sslParameters = sslParameters.apply { endpointIdentificationAlgorithm = null }
            outputStream.write(1)
        }
    }
}

object ClearsInBlock {
    fun run() {
        (platformFactory.createSocket("clears2.tlsapikotlin.example.com", 443) as SSLSocket)
            .configure { endpointIdentificationAlgorithm = "" }
            .use { it.outputStream.write(1) }
    }
}

object ClearsByArgument {
    fun run() = open("clears3.tlsapikotlin.example.com", algorithm = null).use { it.outputStream.write(1) }

    private fun open(host: String, algorithm: String? = "HTTPS"): SSLSocket =
        (platformFactory.createSocket(host, 443) as SSLSocket).apply {
            sslParameters = sslParameters.apply { endpointIdentificationAlgorithm = algorithm }
        }
}

// ---- of the platform's old factory, and of servers

object ByAddress {
    fun run() {
        val address = InetAddress.getByName("address.tlsapikotlin.example.com")
        SSLCertificateSocketFactory.getDefault(5000).createSocket(address, 443).use { it.getOutputStream().write(1) }
    }
}

object ByName {
    fun run() {
        SSLCertificateSocketFactory.getDefault(5000).createSocket("name.tlsapikotlin.example.com", 443).use {
            it.getOutputStream().write(1)
        }
    }
}

object Insecure {
    fun run() = HttpsURLConnection.setDefaultSSLSocketFactory(SSLCertificateSocketFactory.getInsecure(5000, null))
}

object ServerSide {
    fun run() {
        SSLServerSocketFactory.getDefault().createServerSocket(8443).use { it.accept().close() }
    }
}

/** Compares what the server shows with a key, in its own way. */
object ComparesByHand {
    private val KEY = byteArrayOf(48, 3, 2, 1, 0)

    fun run() {
        (platformFactory.createSocket("byhand.tlsapikotlin.example.com", 443) as SSLSocket).use {
            it.startHandshake()
            val key = it.session.peerCertificates.first().publicKey.encoded
            if (!key.contentEquals(KEY)) throw SSLPeerUnverifiedException("another key")
            it.outputStream.write(1)
        }
    }
}
