package org.example.kotlinpins

import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.resume
import kotlin.coroutines.startCoroutine
import kotlin.coroutines.suspendCoroutine
import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** Pins in functions that are suspended. */
class Suspended {
    fun addTo(clients: MutableList<OkHttpClient>) {
        val block: suspend () -> Unit = {
            val host = load("suspended")
            clients += CertificatePinner.Builder().add(host, "sha256/Oq+2Dif12wp67dgtwGnQCKrWMIlVcjMs4ShbAjz6NrE=").client()
            clients += made("suspended-too.kotlinpins.example.com")
        }
        block.startCoroutine(Continuation(EmptyCoroutineContext) { it.getOrThrow() })
    }

    private suspend fun load(name: String): String {
        pause()
        return "$name.kotlinpins.example.com"
    }

    private suspend fun made(host: String): OkHttpClient {
        val builder = CertificatePinner.Builder()
        pause()
        return builder.add(host, "sha256/4MwXSUVUf/Bd73S5uRYmla4t62SL9WYsa1ApYA/XV84=").client()
    }

    private suspend fun pause() = suspendCoroutine<Unit> { it.resume(Unit) }
}
