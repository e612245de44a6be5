package org.example.kotlinpins

import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

private const val TOP_HOST = "top.kotlinpins.example.com"
private val TOP_PINS = arrayOf("sha256/wA4LZAtYAWdlXpoyuebChi2WpDhyPzUxM3jwvJoFiyM=", "sha256/IlTbeoLGX+HEci6h9I+pK/1ncwlAvchXJNiM96NDyXo=")
val topLevelHost = "top-value." + Domain.NAME

/** Constants of an object. */
object Domain {
    const val NAME = "kotlinpins.example.com"
    val computed = "computed.$NAME"
    val pins = listOf("sha256/jwY9Sk0RLdPhUCcsMvvDJCclAX0pTEHZ78gX36pOGx8=", "sha256/WF57Uspod2pDr4RhQ83H14+JB4A0Wb8I1koQSHDvjEA=")
}

/** Values of the file, of objects and of companions. */
class Constants {
    fun addTo(clients: MutableList<OkHttpClient>) {
        clients += CertificatePinner.Builder().add("inline.${Domain.NAME}", "sha256/9epr1qhpL/xU8dEh+yvs8DM6u0n6njxrXCmTT85widE=", "sha256/K9hRLMQlKjnnompC7lEDkJrs/bXZmTeJGI889Ec0LrE=").client()
        clients += CertificatePinner.Builder().add(TOP_HOST, *TOP_PINS).client()
        clients += CertificatePinner.Builder().add(topLevelHost, "sha256/Ldg6jst9geDZpsM9fVlXjKSPHwrDpdxgO+qAb8D6ZMU=").client()
        clients += CertificatePinner.Builder().add(Domain.computed, *Domain.pins.toTypedArray()).client()
        clients += CertificatePinner.Builder().add(HOST, PIN).client()
        clients += CertificatePinner.Builder().add(companionHost, "sha256/rkc+v6gguVpH6evaEQsHWY/vmaUr4DFZoRcio/9UKPQ=", *backups).client()
        clients += CertificatePinner.Builder().add("late.${Domain.NAME}", late()).client()
        clients += shared
    }

    private lateinit var pin: String

    private fun late(): String {
        pin = "sha256/QFyYnZB+hRDkJCtYAjsxM6tAmcF+6ItVjIdWrDBbxIA="
        return pin
    }

    private companion object {
        const val HOST = "companion-constant.kotlinpins.example.com"
        const val PIN = "sha256//GSuBSqwBIoEed4w/TZf723CTkJDU8f2xY3IwSQcwJ4="
        val companionHost = listOf("companion-value", Domain.NAME).joinToString(".")
        val backups = arrayOf("sha256/zfHZqzlbii+vgxA4UgftrTDvJ1XpCYkBydTe0U0tFKA=")

        @JvmStatic
        val shared = CertificatePinner.Builder().add("companion-client.kotlinpins.example.com", "sha256/LzOqjFjNDABAnmdUPM/OKJwhKDrtrEnUZoBUkydagY8=").client()
    }
}
