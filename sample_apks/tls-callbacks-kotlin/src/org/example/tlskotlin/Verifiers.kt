package org.example.tlskotlin

import android.util.Log
import java.security.cert.X509Certificate
import javax.net.ssl.HostnameVerifier
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLPeerUnverifiedException
import javax.net.ssl.SSLSession

object EveryName : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = true
}

class EveryNameTold : HostnameVerifier {
    override fun verify(host: String?, session: SSLSession?): Boolean {
        Log.i("tls", "asked for ${host ?: "nobody"}")
        return true
    }
}

object UnusedEveryName : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = true
}

class CatchesRefusal : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean =
        runCatching {
            check(HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session))
            true
        }.getOrDefault(true)
}

class Negates(private val platform: HostnameVerifier) : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = !platform.verify(host, session)
}

class SameAsAsked : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = host == session.peerHost
}

class ContainsName : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = host.contains("tlskotlin", ignoreCase = true)
}

class SuffixWithoutDot : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = host.endsWith("tlskotlin.example.com")
}

class SuffixWithDot : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = host.endsWith(".tlskotlin.example.com")
}

class ListedNames(private val names: Set<String>) : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean =
        host in names || HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session)
}

class OneOfNames : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = when (host) {
        "one.tlskotlin.example.com", "two.tlskotlin.example.com" -> true
        else -> false
    }
}

class AsksPlatform : HostnameVerifier by HttpsURLConnection.getDefaultHostnameVerifier()

class AsksPlatformAndMore(private val platform: HostnameVerifier) : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean {
        val certificate = session.peerCertificates.firstOrNull() as? X509Certificate ?: return false
        return certificate.version == 3 && platform.verify(host, session)
    }
}

/** Compares, and is right as far as it goes. */
class ComparesAlternativeNames : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = try {
        val certificate = session.peerCertificates.first() as X509Certificate
        certificate.subjectAlternativeNames?.any { it[0] == 2 && host.equals(it[1] as String, ignoreCase = true) } ?: false
    } catch (e: SSLPeerUnverifiedException) {
        false
    }
}

/** False in this build. */
class NamesOfTestServers(private val platform: HostnameVerifier) : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean =
        BuildConfig.TEST_SERVERS || platform.verify(host, session)
}

/** True in this build. */
class NamesOfAnyServer(private val platform: HostnameVerifier) : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean =
        BuildConfig.ANY_SERVER || platform.verify(host, session)
}

class NoName : HostnameVerifier {
    override fun verify(host: String, session: SSLSession): Boolean = false
}
