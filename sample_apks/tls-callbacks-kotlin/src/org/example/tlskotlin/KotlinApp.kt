package org.example.tlskotlin

import android.app.Application
import android.content.Context
import java.net.URL
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate
import javax.net.ssl.HostnameVerifier
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManager
import javax.net.ssl.X509TrustManager

/** Puts every trust manager and verifier to use but those whose names begin with Unused. */
class KotlinApp : Application() {
    override fun onCreate() {
        managers()
        verifiers()
    }

    private fun managers() {
        trust(AcceptsAll())
        trust(AcceptsAndTells("tls"))
        trust(TrustsEveryone)
        trust(
            object : X509TrustManager {
                override fun checkClientTrusted(chain: Array<out X509Certificate>?, authType: String?) = Unit
                override fun checkServerTrusted(chain: Array<out X509Certificate>?, authType: String?) = Unit
                override fun getAcceptedIssuers(): Array<X509Certificate>? = null
            },
        )
        trust(RequiresChain())
        trust(RequiresKeyType())
        trust(SwallowsRefusal())
        trust(RunsCatching())
        trust(LooksAtDates())
        trust(ComparesIssuer("CN=TlsKotlin CA"))
        trust(AsksSetting(getSharedPreferences("tls", Context.MODE_PRIVATE)))
        trust(AsksProperty(platform()).apply { insecure = intent() })
        trust(OpensLater(platform()).also { if (intent()) it.open() })
        trust(AsksDebuggable(applicationInfo.flags))
        trust(AsksBuild())
        trust(AsksForTestServers())
        trust(AsksForAnyServer())
        trust(VerifiesItself())
        trust(PinsAnywhere())
        trust(PinsLeaf())
        trust(PinsAfterwards(platform()))
        trust(PinsValidated(platform(), "api.tlskotlin.example.com"))
        trust(HandsByDelegation(platform()))
        trust(HandsLazily())
        trust(RethrowsWrapped())
        trust(ThrowsLater())
        trust(GetsOrThrows())
        trust(ThrowsInBlock())
        trust(ThrowsOrElse())
        trust(AsksHelpers(platform()))
        trust(TrustsOwnStore(anchor()))
        trust(Refuses())
        trust(ChecksWhereNobodyAsks())
    }

    /** Something that only the running app knows. */
    private fun intent(): Boolean = Thread.currentThread().isInterrupted

    /** A certificate that comes with the app; this one cannot be read, which does not matter here. */
    private fun anchor(): X509Certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(byteArrayOf(48, 3, 2, 1, 0).inputStream()) as X509Certificate

    private fun verifiers() {
        name(EveryName)
        name(EveryNameTold())
        name { _, _ -> true }
        name(HostnameVerifier(::any))
        name(CatchesRefusal())
        name(Negates(HttpsURLConnection.getDefaultHostnameVerifier()))
        name(SameAsAsked())
        name(ContainsName())
        name(SuffixWithoutDot())
        name(SuffixWithDot())
        name(ListedNames(setOf("three.tlskotlin.example.com", "four.tlskotlin.example.com")))
        name(OneOfNames())
        name(AsksPlatform())
        name(AsksPlatformAndMore(HttpsURLConnection.getDefaultHostnameVerifier()))
        name(ComparesAlternativeNames())
        name(NamesOfTestServers(HttpsURLConnection.getDefaultHostnameVerifier()))
        name(NamesOfAnyServer(HttpsURLConnection.getDefaultHostnameVerifier()))
        name(NoName())
    }

    private fun any(host: String, session: javax.net.ssl.SSLSession): Boolean = host.isNotEmpty() || session.isValid

    private fun open() = URL("https://api.tlskotlin.example.com/").openConnection() as HttpsURLConnection

    private fun trust(manager: X509TrustManager) {
        val context = SSLContext.getInstance("TLS")
        context.init(null, arrayOf<TrustManager>(manager), null)
        open().apply { sslSocketFactory = context.socketFactory }.connect()
    }

    private fun name(verifier: HostnameVerifier) {
        open().apply { hostnameVerifier = verifier }.connect()
    }
}
