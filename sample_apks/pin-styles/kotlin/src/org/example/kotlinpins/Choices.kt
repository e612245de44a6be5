package org.example.kotlinpins

import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** Pins that depend on a condition: each of them may be in force. */
class Choices {
    fun addTo(clients: MutableList<OkHttpClient>) {
        val flavour = System.getProperty("flavour") ?: "store"
        val host = when (flavour) {
            "free" -> "free.kotlinpins.example.com"
            "paid" -> "paid.kotlinpins.example.com"
            else -> "other.kotlinpins.example.com"
        }
        val pin = when (flavour) {
            "free" -> "sha256/j5iRpiSWchvJoRrcdij9YEcOSsenpOaLWbnO5as+mes="
            "paid" -> "sha256/zT6Di/6eigfsOuVrsGA/pSwm70qrbFLoIFAULlsCmGs="
            else -> "sha256/lPHTfOd0DkDobAT9ma1uJlUHEAL4Ngr2mp1dmLL45uc="
        }
        clients += CertificatePinner.Builder().add(host, pin).client()
        val debug = System.getProperty("debug") != null
        clients += CertificatePinner.Builder()
            .add(if (debug) "debug.kotlinpins.example.com" else "release.kotlinpins.example.com", "sha256/hymA8wbB8s+rSKIAuM1dWLr2hhnLDmWUlZ4rEK387Ho=")
            .client()
        clients += OkHttpClient.Builder().apply {
            if (!debug) {
                certificatePinner(CertificatePinner.Builder().add("guarded.kotlinpins.example.com", "sha256/Qkx3ozCNAp/L+2Om0DmbldB6RiRIkE2uQWRgPOrSP2M=").build())
            }
        }.build()
        val (chosen, key) = if (debug) {
            "chosen-debug.kotlinpins.example.com" to "sha256/kuxJSu5NhTlWKzcN2DuKvud3bEb60qWPYuQOYR1D/Wg="
        } else {
            "chosen-release.kotlinpins.example.com" to "sha256/9cTi19ebXu4Ns7rNPGeYzWeZj2LP1EzICfpcGsPXYKY="
        }
        clients += CertificatePinner.Builder().add(chosen, key).client()
    }
}
