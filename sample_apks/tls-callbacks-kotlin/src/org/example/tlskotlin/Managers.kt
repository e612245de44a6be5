package org.example.tlskotlin

import android.content.SharedPreferences
import android.net.http.X509TrustManagerExtensions
import android.util.Base64
import android.util.Log
import java.net.Socket
import java.security.KeyStore
import java.security.MessageDigest
import java.security.cert.CertificateException
import java.security.cert.X509Certificate
import javax.net.ssl.SSLEngine
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509ExtendedTrustManager
import javax.net.ssl.X509TrustManager

/** The SHA-256 digest of a text, behind which is no key: `org.example.tlskotlin key 1`. */
private const val PIN = "xReXJwoY9rNAwtG8l4ASjqbi99VGPil/lzslW55oJPg="
private const val BACKUP = "6B+37xhB+ayj+az6fb42j5HYiqUdO6yUSjbLaov6kB0="
private val PINS = setOf(PIN, BACKUP)

internal fun platform(anchors: KeyStore? = null): X509TrustManager =
    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
        .apply { init(anchors) }
        .trustManagers
        .filterIsInstance<X509TrustManager>()
        .first()

internal val X509Certificate.pin: String
    get() = Base64.encodeToString(MessageDigest.getInstance("SHA-256").digest(publicKey.encoded), Base64.NO_WRAP)

/** An empty `checkClientTrusted` is of no interest to a client. */
abstract class ClientSide : X509TrustManager {
    override fun checkClientTrusted(chain: Array<X509Certificate>, authType: String) = Unit
    override fun getAcceptedIssuers(): Array<X509Certificate> = emptyArray()
}

class AcceptsAll : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) = Unit
}

class AcceptsAndTells(private val tag: String) : ClientSide() {
    private var seen = 0

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        synchronized(this) { seen++ }
        Log.i(tag, "chain of ${chain.size} for $authType, $seen so far")
    }
}

object TrustsEveryone : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        for (certificate in chain) {
            Log.i("tls", certificate.subjectDN.name)
        }
    }
}

open class UnusedAcceptsAll : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) = Unit
}

class RequiresChain : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        require(chain.isNotEmpty()) { "no certificates" }
    }
}

class RequiresKeyType : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>?, authType: String?) {
        if (chain == null || chain.isEmpty()) throw IllegalArgumentException("no certificates")
        if (authType.isNullOrEmpty()) throw CertificateException("no type of key exchange")
    }
}

class SwallowsRefusal : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        try {
            platform().checkServerTrusted(chain, authType)
        } catch (e: CertificateException) {
            Log.i("tls", "ignored: ${e.message}")
        }
    }
}

class RunsCatching : ClientSide() {
    private val delegate by lazy { platform() }

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        runCatching { delegate.checkServerTrusted(chain, authType) }
            .onFailure { Log.i("tls", "refused: $it") }
    }
}

class UnusedSwallows : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        try {
            platform().checkServerTrusted(chain, authType)
        } catch (e: Exception) {
            Log.i("tls", "ignored")
        }
    }
}

class LooksAtDates : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        chain.forEach { it.checkValidity() }
    }
}

class ComparesIssuer(private val expected: String) : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (chain.none { it.issuerX500Principal.name.contains(expected) }) throw CertificateException("unknown issuer")
    }
}

class AsksSetting(private val settings: SharedPreferences) : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (!settings.getBoolean("accept_any_certificate", false)) {
            platform().checkServerTrusted(chain, authType)
        }
    }
}

class AsksProperty(private val delegate: X509TrustManager) : ClientSide() {
    var insecure = false

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) = when {
        insecure -> Unit
        else -> delegate.checkServerTrusted(chain, authType)
    }
}

/** Refuses until somebody opens it. */
class OpensLater(private val delegate: X509TrustManager) : ClientSide() {
    private var open = false

    fun open() {
        open = true
    }

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (!open) delegate.checkServerTrusted(chain, authType)
    }
}

/** What Android's build says: debuggable, which a release is not. */
class AsksDebuggable(private val flags: Int) : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (flags and android.content.pm.ApplicationInfo.FLAG_DEBUGGABLE != 0) return
        platform().checkServerTrusted(chain, authType)
    }
}

/** `DEBUG` is a constant false: what is left of it delegates. */
class AsksBuild : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (BuildConfig.DEBUG) return
        platform().checkServerTrusted(chain, authType)
    }
}

/** False in this build, though no compiler may know it. */
class AsksForTestServers : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (BuildConfig.TEST_SERVERS) return
        platform().checkServerTrusted(chain, authType)
    }
}

/** True in this build: whatever the switch is for, it accepts everything. */
class AsksForAnyServer : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (BuildConfig.ANY_SERVER) return
        platform().checkServerTrusted(chain, authType)
    }
}

class VerifiesItself : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        val leaf = chain.first()
        try {
            leaf.verify(leaf.publicKey)
        } catch (e: Exception) {
            throw CertificateException("not signed with its own key", e)
        }
    }
}

class PinsAnywhere : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        if (!chain.any { it.pin in PINS }) throw CertificateException("not pinned")
    }
}

class PinsLeaf : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        val pin = chain.first().pin
        if (pin != PIN && pin != BACKUP) throw CertificateException("not pinned: $pin")
    }
}

class PinsAfterwards(private val delegate: X509TrustManager) : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        delegate.checkServerTrusted(chain, authType)
        if (chain.none { it.pin in PINS }) throw CertificateException("not pinned")
    }
}

class PinsValidated(delegate: X509TrustManager, private val host: String) : ClientSide() {
    private val extensions = X509TrustManagerExtensions(delegate)

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        val path = extensions.checkServerTrusted(chain, authType, host)
        check(path.any { it.pin in PINS }) { "not pinned" }
    }
}

class HandsByDelegation(delegate: X509TrustManager) : X509TrustManager by delegate

class HandsLazily : ClientSide() {
    private val delegate by lazy { platform() }

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        Log.i("tls", "asked about ${chain.size}")
        delegate.checkServerTrusted(chain, authType)
    }
}

/** Looks like swallowing, and is not: what it catches it throws again, as another exception. */
class RethrowsWrapped : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        try {
            platform().checkServerTrusted(chain, authType)
        } catch (e: CertificateException) {
            throw IllegalStateException("refused", e)
        } finally {
            Log.i("tls", "done")
        }
    }
}

class ThrowsLater : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        val trusted = try {
            platform().checkServerTrusted(chain, authType)
            true
        } catch (e: CertificateException) {
            false
        }
        if (!trusted) throw CertificateException("refused")
    }
}

class GetsOrThrows : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        runCatching { platform().checkServerTrusted(chain, authType) }.getOrThrow()
    }
}

class ThrowsInBlock : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        runCatching { platform().checkServerTrusted(chain, authType) }
            .onFailure { throw CertificateException("refused", it) }
    }
}

class ThrowsOrElse : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) =
        runCatching { platform().checkServerTrusted(chain, authType) }
            .getOrElse { throw CertificateException("refused", it) }
}

/** The refusal stands two calls away. */
class AsksHelpers(private val delegate: X509TrustManager) : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) = outer(chain, authType)

    private fun outer(chain: Array<X509Certificate>, authType: String) {
        if (authType.isNotEmpty()) inner(chain, authType) else throw CertificateException("no type")
    }

    private fun inner(chain: Array<X509Certificate>, authType: String) = delegate.checkServerTrusted(chain, authType)
}

class TrustsOwnStore(anchor: X509Certificate) : ClientSide() {
    private val own = platform(
        KeyStore.getInstance(KeyStore.getDefaultType()).apply {
            load(null, null)
            setCertificateEntry("ours", anchor)
        },
    )

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        own.checkServerTrusted(chain, authType)
    }
}

class Refuses : ClientSide() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String): Unit =
        throw CertificateException("nobody")
}

/** The platform calls the overloads with a socket or an engine, which accept. */
class ChecksWhereNobodyAsks : X509ExtendedTrustManager() {
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String) {
        platform().checkServerTrusted(chain, authType)
    }

    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String, socket: Socket) = Unit
    override fun checkServerTrusted(chain: Array<X509Certificate>, authType: String, engine: SSLEngine) = Unit
    override fun checkClientTrusted(chain: Array<X509Certificate>, authType: String) = Unit
    override fun checkClientTrusted(chain: Array<X509Certificate>, authType: String, socket: Socket) = Unit
    override fun checkClientTrusted(chain: Array<X509Certificate>, authType: String, engine: SSLEngine) = Unit
    override fun getAcceptedIssuers(): Array<X509Certificate> = emptyArray()
}
