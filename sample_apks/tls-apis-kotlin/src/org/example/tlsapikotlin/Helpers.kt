package org.example.tlsapikotlin

import com.github.kevinsawicki.http.HttpRequest
import com.loopj.android.http.AsyncHttpClient
import com.loopj.android.http.MySSLSocketFactory
import com.sun.mail.util.MailSSLSocketFactory
import com.zhy.http.okhttp.https.HttpsUtils
import io.grpc.util.AdvancedTlsX509TrustManager
import io.grpc.util.AdvancedTlsX509TrustManager.Verification
import io.netty.handler.ssl.util.InsecureTrustManagerFactory
import java.net.URL
import java.security.KeyStore
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManager
import javax.net.ssl.TrustManagerFactory
import org.apache.commons.net.util.TrustManagerUtils
import org.apache.http.conn.ssl.AllowAllHostnameVerifier
import org.apache.http.conn.ssl.NoopHostnameVerifier
import org.apache.http.conn.ssl.SSLSocketFactory
import org.apache.http.conn.ssl.StrictHostnameVerifier
import org.apache.http.conn.ssl.TrustAllStrategy
import org.apache.http.impl.client.HttpClientBuilder
import org.apache.http.ssl.SSLContextBuilder

/** What libraries have ready for whoever wants no checks, and their sound siblings. */
internal fun helpers() {
    Netty.run()
    LoopjClient.run()
    LoopjFactory.run()
    SoundLoopj.run()
    ApacheStrategy.run()
    GrpcTrust.run()
    SoundGrpcTrust.run()
    JavaMail.run()
    SoundJavaMail.run()
    CommonsNet.run()
    SoundCommonsNet.run()
    OkHttpUtils.run()
    Kevin.run()
    ApacheConstant.run()
    ApacheObject.run()
    ApacheNoop.run()
    MseberaConstant.run()
    SoundApache.run()
    DeviceStore.run()
    CountsAuthorities.run()
    SystemAuthorities.run()
}

internal fun trust(vararg managers: TrustManager, protocol: String = "TLS") {
    val context = SSLContext.getInstance(protocol).apply { init(null, managers, null) }
    (URL("https://helper.tlsapikotlin.example.com/").openConnection() as HttpsURLConnection).run {
        sslSocketFactory = context.socketFactory
        connect()
    }
}

object Netty {
    fun run() = trust(*InsecureTrustManagerFactory.INSTANCE.trustManagers)
}

object UnusedNetty {
    fun run() = trust(*InsecureTrustManagerFactory.INSTANCE.trustManagers)
}

object LoopjClient {
    private val client by lazy { AsyncHttpClient(true, 80, 443) }

    fun run() {
        client.get("https://loopj.tlsapikotlin.example.com/")
    }
}

object LoopjFactory {
    fun run() {
        AsyncHttpClient()
            .apply { setSSLSocketFactory(MySSLSocketFactory.getFixedSocketFactory()) }
            .get("https://loopj.tlsapikotlin.example.com/")
    }
}

object SoundLoopj {
    fun run(lenient: Boolean = false) {
        AsyncHttpClient(lenient, 80, 443).get("https://loopj.tlsapikotlin.example.com/")
        AsyncHttpClient().get("https://loopj.tlsapikotlin.example.com/")
    }
}

object ApacheStrategy {
    fun run() {
        val context = SSLContextBuilder.create().run { loadTrustMaterial(null, TrustAllStrategy()).build() }
        HttpClientBuilder.create().setSSLContext(context).build()
    }
}

object GrpcTrust {
    fun run(verification: Verification = Verification.INSECURELY_SKIP_ALL_VERIFICATION) {
        AdvancedTlsX509TrustManager.newBuilder().setVerification(verification).build()
    }
}

object SoundGrpcTrust {
    fun run() {
        AdvancedTlsX509TrustManager.newBuilder()
            .setVerification(Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
            .build()
    }
}

object JavaMail {
    fun run() = MailSSLSocketFactory().apply { setTrustAllHosts(true) }
}

object SoundJavaMail {
    fun run() = MailSSLSocketFactory().apply { setTrustAllHosts(false) }
}

object CommonsNet {
    fun run() = trust(TrustManagerUtils.getAcceptAllTrustManager(), protocol = "TLSv1.2")
}

object SoundCommonsNet {
    fun run() = trust(TrustManagerUtils.getValidateServerCertificateTrustManager())
}

object OkHttpUtils {
    fun run() = HttpsUtils.UnSafeTrustManager().let { trust(it) }
}

object Kevin {
    fun run() = HttpRequest.get("https://kevin.tlsapikotlin.example.com/").run { trustAllCerts().trustAllHosts().code() }
}

object ApacheConstant {
    fun run() = SSLSocketFactory.getSocketFactory().setHostnameVerifier(SSLSocketFactory.ALLOW_ALL_HOSTNAME_VERIFIER)
}

object ApacheObject {
    private val everyName = AllowAllHostnameVerifier()

    fun run() = SSLSocketFactory.getSocketFactory().setHostnameVerifier(everyName)
}

object ApacheNoop {
    fun run() {
        HttpClientBuilder.create().apply { setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE) }.build()
    }
}

object MseberaConstant {
    fun run() = with(cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory.getSocketFactory()) {
        setHostnameVerifier(cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory.ALLOW_ALL_HOSTNAME_VERIFIER)
    }
}

object SoundApache {
    fun run() {
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(SSLSocketFactory.STRICT_HOSTNAME_VERIFIER)
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(StrictHostnameVerifier())
    }
}

// ---- the store of the device's authorities

private const val STORE = "AndroidCAStore"

/** Trusts what the user installed. */
object DeviceStore {
    fun run() {
        val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply {
            init(KeyStore.getInstance(STORE).apply { load(null) })
        }
        trust(*factory.trustManagers)
    }
}

/** Reads the store, and makes no trust of it. */
object CountsAuthorities {
    fun run(): Int = KeyStore.getInstance(STORE).run {
        load(null)
        aliases().toList().count { it.startsWith("user:") }
    }
}

/** Takes the system's authorities alone. */
object SystemAuthorities {
    fun run() {
        val device = KeyStore.getInstance(STORE).apply { load(null) }
        val own = KeyStore.getInstance(KeyStore.getDefaultType()).apply { load(null) }
        device.aliases().asSequence()
            .filter { it.startsWith("system:") }
            .forEach { own.setCertificateEntry(it, device.getCertificate(it)) }
        val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply { init(own) }
        trust(*factory.trustManagers)
    }
}
