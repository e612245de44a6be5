package org.example.kotlinpins

import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** A builder of pinners with a receiver. */
class PinDsl {
    private val builder = CertificatePinner.Builder()

    fun pin(host: String, vararg pins: String) {
        builder.add(host, *pins)
    }

    fun build(): CertificatePinner = builder.build()
}

internal fun pinning(block: PinDsl.() -> Unit): OkHttpClient = clientOf(PinDsl().apply(block).build())

internal inline fun withHost(name: String, action: (String) -> OkHttpClient): OkHttpClient =
    action("$name.kotlinpins.example.com")

internal fun CertificatePinner.Builder.addAll(host: String, pins: List<String>): CertificatePinner.Builder = apply {
    pins.forEach { add(host, it) }
}

/** Scope functions, default arguments, spreads, extensions and functions that get functions. */
class Functions {
    fun addTo(clients: MutableList<OkHttpClient>) {
        clients += CertificatePinner.Builder().apply {
            add("apply.kotlinpins.example.com", "sha256/14T4LmW6rEntdlLO3zDTagihfZ1jwTd+/eiLEzOyKSc=")
            add("apply-again.kotlinpins.example.com", "sha256/B/42u4kqCa/7ItVue+NHM1Logw75/aBA31FgPxGkpus=")
        }.client()
        clients += CertificatePinner.Builder().let { it.add("let.kotlinpins.example.com", "sha256/UMEu4lG/U7yH8+H8c/oM6kctKDUQMRv6tITdnPaJFoA=") }.client()
        clients += with(CertificatePinner.Builder()) {
            add("with.kotlinpins.example.com", "sha256/MtCG4ElH//JyV0d2O71MMZWOwg3ZKWCgWQAYEMaHJbM=")
            client()
        }
        clients += "run.kotlinpins.example.com".run { CertificatePinner.Builder().add(this, "sha256/2JWNMSK4f2NRFjXtMicNFCMXcKyU9XBNdIswOHTrcTQ=") }.client()
        clients += CertificatePinner.Builder().also { it.add("also.kotlinpins.example.com", "sha256/B+ly3GoYSJSfn9VdWD/pHmIkAUiF8AlXWl/gPAN/RFo=") }.client()
        clients += defaulted("default-one.kotlinpins.example.com")
        clients += defaulted("default-two.kotlinpins.example.com", "sha256/g0kcgfbLdfACWnT7lFsWFWLPEmJVRpDZhhuOsTQUHiA=")
        clients += defaulted(pin = "sha256/qU0KQtl9SPjWaPiRUNpRkNCzucQEt8mEYXQt7+3ltT4=")
        clients += spread("spread.kotlinpins.example.com", "sha256/i9GciliUKyhl4cy7cPBJxVvRlflGl+OwIGHONbrcLGo=", "sha256/wnSZIb2E3kDb7ZBXEUsMQlkBRJYCtCB5xAnLVumoF0s=")
        clients += pinning { pin("dsl.kotlinpins.example.com", "sha256/VBMomqTcss0e5jZpbzS51ypNn0plm9jMBvo/Sp/9aNY=", "sha256/zexe5gRJwN1NnnN1R6wQx3CWPz9JWBSk+y/k0XcOCDk=") }
        clients += withHost("inlined") { CertificatePinner.Builder().add(it, "sha256/IdO5VFWSUyvjDTEv2DkJasmyXS/h+HYfkls5Z7mJ+B8=").client() }
        clients += CertificatePinner.Builder()
            .addAll("extension.kotlinpins.example.com", listOf("sha256/BofSJvOFCTGP1CKZYcMekHhQ1u33bGjQz+Sk+rTJcVA=", "sha256/Yl32A+tWvi5c44xjB6FD6MLhkxPQslfBf+PgZZXMYUE="))
            .client()
        val make: (String) -> OkHttpClient = { host -> CertificatePinner.Builder().add(host, "sha256/48qiD0PobD0UvCYzZ5XKgSOeg688ozE5lwbIa+QfWn8=").client() }
        clients += make("function-value.kotlinpins.example.com")
        clients += listOf(::referenced).map { it() }
        clients += nullable("nullable.kotlinpins.example.com")!!
    }

    private fun defaulted(
        host: String = "default-both.kotlinpins.example.com",
        pin: String = "sha256/tfdiCSrH7gersacGoaQKdZlAG4ExvAmf+NkPL/DTsvM=",
    ): OkHttpClient = CertificatePinner.Builder().add(host, pin).client()

    private fun spread(host: String, vararg pins: String): OkHttpClient =
        CertificatePinner.Builder().add(host, *pins, "sha256/uOgTBXHel904zevc9WRuuuF5HwP8yXgPfRUEEkO71kw=").client()

    private fun referenced(): OkHttpClient =
        CertificatePinner.Builder().add("reference.kotlinpins.example.com", "sha256/07fvKwNuFXc2UAakq8RWPG7wAnZ+kvV101w262eC3g8=").client()

    private fun nullable(host: String?): OkHttpClient? =
        host?.takeIf { it.isNotEmpty() }?.let { CertificatePinner.Builder().add(it, "sha256/IEunwa4YFMwHzlaPRstyiPIEx3SuwQ54yyHnRpR8V7w=").client() }
}
