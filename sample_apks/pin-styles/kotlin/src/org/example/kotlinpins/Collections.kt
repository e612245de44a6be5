package org.example.kotlinpins

import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** A host and its pins. */
data class Entry(val host: String, val pins: List<String>)

private val ENTRIES = listOf(
    Entry("entry-one.kotlinpins.example.com", listOf("sha256/mG77M6riXOoZkpnLSzj1Btw+3bGm2Gc3ro2Fsw5iJWk=", "sha256/c85o8C7L8+ItZg7iHXl5RAhOiSgknGJVjgpAxv0ZyqE=")),
    Entry("entry-two.kotlinpins.example.com", listOf("sha256/did7+OY3XVtIgOQcRjupKDrMJHb21AE9QsP9ZjHXk3Y=")),
)

/** Pins out of collections. */
class Collections {
    fun addTo(clients: MutableList<OkHttpClient>) {
        clients += entries()
        clients += pairs()
        clients += destructured()
        clients += mapped()
        clients += folded()
        clients += zipped()
        clients += built()
    }

    private fun entries() = CertificatePinner.Builder().apply {
        ENTRIES.forEach { add(it.host, *it.pins.toTypedArray()) }
    }.client()

    private fun pairs(): OkHttpClient {
        val builder = CertificatePinner.Builder()
        for ((host, pin) in listOf(
            "pair-one.kotlinpins.example.com" to "sha256/aU/lxiF305Fm3wFIF/ac16iRJUckGtlkE2vIuKbDAuA=",
            "pair-two.kotlinpins.example.com" to "sha256/+oznt05blMn2ka8Lp2Vtxly8DmieIanx0Ase04NwDbA=",
        )) {
            builder.add(host, pin)
        }
        return builder.client()
    }

    private fun destructured(): OkHttpClient {
        val pins = mapOf(
            "map-one.kotlinpins.example.com" to "sha256/eusEdUXUVf+lzVHCsyaxkg1Pd48dWBINqwzpFjRfwTg=",
            "map-two.kotlinpins.example.com" to "sha256/ojP1+cf80vZAHE2YfSYr7qqYtlwCkU/XeIXSoza5T+U=",
        )
        val builder = CertificatePinner.Builder()
        for ((host, pin) in pins) {
            builder.add(host, pin)
        }
        return builder.client()
    }

    private fun mapped(): OkHttpClient {
        val pins = listOf("df9Ll30YEBWPUANDYWyF6XW0nqY0SLd+6F/Jl7mksgs=", "JHLfBxAeevhNfvsiYUrkwelFJGfLgzm/pbNfikYjOSo=").map { "sha256/$it" }.toTypedArray()
        return CertificatePinner.Builder().add("mapped.kotlinpins.example.com", *pins).client()
    }

    private fun folded(): OkHttpClient =
        listOf("fold-one", "fold-two").fold(CertificatePinner.Builder()) { builder, name ->
            builder.add("$name.kotlinpins.example.com", "sha256/AgGBTTvBTi9s7h45iNw5wd9qjIsIIXOAv6iYL5CQ3vM=")
        }.client()

    private fun zipped(): OkHttpClient {
        val hosts = listOf("index-one.kotlinpins.example.com", "index-two.kotlinpins.example.com")
        val pins = listOf("sha256/1Ezhh5pGjF/8V+GWM9ePMRegrstSFk03+UeB5XG1me0=", "sha256/M4BSBGurXBiXjS3f/Keo+90SpekjSaiq+w9oiXN5fjo=")
        val builder = CertificatePinner.Builder()
        hosts.forEachIndexed { index, host -> builder.add(host, pins[index]) }
        return builder.client()
    }

    private fun built(): OkHttpClient {
        val pins = buildList {
            add("sha256/dvXngcNZhOhXAdtPryTwboTup1mG5qFCuldyuc3v2K8=")
            add("sha256/0bCBy6XHmOCRo3Y5Wgdxl+MBpthQuyhC0k/Sz9UfuHM=")
        }
        return CertificatePinner.Builder().add("buildlist.kotlinpins.example.com", *pins.toTypedArray()).client()
    }
}
