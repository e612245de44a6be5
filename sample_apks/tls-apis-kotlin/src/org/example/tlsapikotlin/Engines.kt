package org.example.tlsapikotlin

import android.os.Build
import java.net.URI
import java.nio.ByteBuffer
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLParameters
import javax.net.ssl.SSLSocket
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.resume
import kotlin.coroutines.startCoroutine
import kotlin.coroutines.suspendCoroutine
import org.java_websocket.client.WebSocketClient

/** Engines, sockets in functions that suspend, and clients of web sockets. */
internal fun engines() {
    EngineWithoutCheck.run()
    EngineThatChecks.run()
    EngineOfServer.run()
    start { SuspendsWithoutCheck.run() }
    start { SuspendsAndChecks.run() }
    Careless(URI("wss://careless.tlsapikotlin.example.com/")).connect()
    Careful(URI("wss://careful.tlsapikotlin.example.com/")).connect()
    CarefulFromNougat(URI("wss://nougat.tlsapikotlin.example.com/")).connect()
}

private fun start(block: suspend () -> Unit) = block.startCoroutine(Continuation(EmptyCoroutineContext) { it.getOrThrow() })

/** Where coroutines leave their thread. */
private suspend fun pause() = suspendCoroutine<Unit> { continuation -> Thread { continuation.resume(Unit) }.start() }

object EngineWithoutCheck {
    fun run() {
        SSLContext.getDefault().createSSLEngine("engine.tlsapikotlin.example.com", 443).apply {
            useClientMode = true
            beginHandshake()
        }.run { wrap(ByteBuffer.allocate(16), ByteBuffer.allocate(20_000)) }
    }
}

object EngineThatChecks {
    fun run() {
        with(SSLContext.getDefault().createSSLEngine("engine2.tlsapikotlin.example.com", 443)) {
            useClientMode = true
            sslParameters = sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
            beginHandshake()
            wrap(ByteBuffer.allocate(16), ByteBuffer.allocate(20_000))
        }
    }
}

object EngineOfServer {
    fun run() {
        SSLContext.getDefault().createSSLEngine().apply { useClientMode = false }.beginHandshake()
    }
}

object SuspendsWithoutCheck {
    suspend fun run() {
        val socket = platformFactory.createSocket("suspends.tlsapikotlin.example.com", 443) as SSLSocket
        pause()
        socket.startHandshake()
        pause()
        socket.outputStream.write(1)
    }
}

object SuspendsAndChecks {
    suspend fun run() {
        val socket = platformFactory.createSocket("suspends2.tlsapikotlin.example.com", 443) as SSLSocket
        pause()
        socket.sslParameters = socket.sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
        pause()
        socket.outputStream.write(1)
    }
}

class Careless(server: URI) : WebSocketClient(server) {
    override fun onSetSSLParameters(parameters: SSLParameters) = Unit
}

class Careful(server: URI) : WebSocketClient(server) {
    override fun onSetSSLParameters(parameters: SSLParameters) {
        parameters.useCipherSuitesOrder = false
        parameters.endpointIdentificationAlgorithm = "HTTPS"
    }
}

/** Below API 24 the platform has no endpoint identification, and the call of the superclass fails. */
class CarefulFromNougat(server: URI) : WebSocketClient(server) {
    override fun onSetSSLParameters(parameters: SSLParameters) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.N) super.onSetSSLParameters(parameters)
    }
}
