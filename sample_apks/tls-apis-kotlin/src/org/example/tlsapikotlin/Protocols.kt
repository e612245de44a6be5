package org.example.tlsapikotlin

import javax.net.ssl.SSLContext

/** Versions and cipher suites that code chooses. */
internal fun protocols() {
    OldVersions.run()
    OldVersionInParameters.run()
    OldVersionsOfCompanion().run()
    OldVersionsOfList.run()
    NewVersions.run()
    NewVersionsOfCompanion().run()
    RemovesOldVersions.run()
    AnonymousSuites.run()
    BrokenSuites.run()
    GoodSuites.run()
    RemovesBrokenSuites.run()
    SSLContext.getInstance("SSL")
}

object OldVersions {
    fun run() = openSocket().run { enabledProtocols = arrayOf("TLSv1", "TLSv1.1", "TLSv1.2") }
}

object OldVersionInParameters {
    fun run() = openSocket().run { sslParameters = sslParameters.apply { protocols = arrayOf("SSLv3") } }
}

class OldVersionsOfCompanion {
    fun run() {
        openSocket().enabledProtocols = VERSIONS
    }

    companion object {
        private val VERSIONS = arrayOf("TLSv1.1", "TLSv1.2")
    }
}

object OldVersionsOfList {
    fun run() = openSocket().let { it.enabledProtocols = listOf("TLSv1", "TLSv1.3").toTypedArray() }
}

object NewVersions {
    fun run() = openSocket().let { it.enabledProtocols = arrayOf("TLSv1.2", "TLSv1.3") }
}

class NewVersionsOfCompanion {
    fun run() = openSocket().apply { enabledProtocols = arrayOf(TLS_1_2) }

    companion object {
        const val TLS_1_2 = "TLSv1.2"
    }
}

object RemovesOldVersions {
    private val OLD = setOf("SSLv3", "TLSv1", "TLSv1.1")

    fun run() = openSocket().run { enabledProtocols = enabledProtocols.filterNot { it in OLD }.toTypedArray() }
}

object AnonymousSuites {
    fun run() = openSocket().run {
        enabledCipherSuites = arrayOf("TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA")
    }
}

object BrokenSuites {
    fun run() = SSLContext.getInstance("TLS").createSSLEngine().apply {
        enabledCipherSuites = arrayOf("SSL_RSA_WITH_RC4_128_MD5", "TLS_AES_128_GCM_SHA256")
    }
}

object GoodSuites {
    fun run() = openSocket().apply { enabledCipherSuites = arrayOf("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256") }
}

object RemovesBrokenSuites {
    fun run() = openSocket().apply {
        enabledCipherSuites = supportedCipherSuites
            .filter { "_RC4_" !in it && it != "TLS_RSA_WITH_NULL_SHA" }
            .toTypedArray()
    }
}
