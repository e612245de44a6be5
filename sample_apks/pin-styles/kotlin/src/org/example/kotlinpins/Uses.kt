package org.example.kotlinpins

import android.content.Context
import android.util.Base64
import java.security.cert.Certificate
import javax.crypto.Cipher
import javax.crypto.spec.SecretKeySpec
import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** Pinners that are asked by hand, left alone or never made, and pins that are known only while the app runs. */
class Uses(private val context: Context) {
    fun addTo(clients: MutableList<OkHttpClient>) {
        CertificatePinner.Builder().add("byhand.kotlinpins.example.com", "sha256/1xYOeOueW9FPUE+jISraAtRby0wR71XbrMmnucyo4EU=").build()
            .check("byhand.kotlinpins.example.com", emptyList<Certificate>())
        println(CertificatePinner.Builder().add("unattached.kotlinpins.example.com", "sha256/PiSJzyOQL0wJFcfT8ZJ9S3etItK/poWUurgnrfWXXrk=").build().hashCode())
        clients += CertificatePinner.Builder().add("decrypted.kotlinpins.example.com", decrypted("Y2lwaGVyIHRleHQ=")).client()
        clients += CertificatePinner.Builder().add(context.packageName, "sha256/Tv+h4srPlEQm3GUfPlWvPMrbX7n4djAUASTCl2rS3oU=").client()
        val decoded = String(Base64.decode("c2hhMjU2L2RWVmxWMlZjbEhBNitCelVpdnFXbjVFajNRZEh0RHBDZ0lnRGxRS1ZISlU9", Base64.DEFAULT))
        clients += CertificatePinner.Builder().add("decoded.kotlinpins.example.com", decoded).client()
        clients += CertificatePinner.Builder()
            .add("trimmed.kotlinpins.example.com", """
                |sha256/bL3TRiku39fvwXTg788jkFMBN10PjOvucEoape47r4Y=
            """.trimMargin())
            .client()
    }

    private fun decrypted(text: String): String {
        val cipher = Cipher.getInstance("AES")
        cipher.init(Cipher.DECRYPT_MODE, SecretKeySpec(ByteArray(16), "AES"))
        return String(cipher.doFinal(Base64.decode(text, Base64.DEFAULT)))
    }

    fun dead(): OkHttpClient = CertificatePinner.Builder().add("dead.kotlinpins.example.com", "sha256/YAFCEu7l7ilvvcd6t1GboNoj5MUsOXcvq/KGt5SUEVA=").client()
}
