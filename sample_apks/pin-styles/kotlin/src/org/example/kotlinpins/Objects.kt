package org.example.kotlinpins

import android.content.Context
import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** Says what is pinned. */
interface PinSource {
    val host: String
    val pins: Array<String>
}

/** The source in use. */
class LiveSource : PinSource {
    override val host = "provider.kotlinpins.example.com"
    override val pins get() = arrayOf("sha256/uAIJ+rftyP/nOS3t0qityg3W8/zDsWqqkILSlfb7th8=")
}

/** Adds nothing to the source it gets. */
class CachedSource(source: PinSource) : PinSource by source

/** Gets its source by its constructor. */
class ClientFactory(private val source: PinSource) {
    fun create(): OkHttpClient = CertificatePinner.Builder().add(source.host, *source.pins).client()
}

/** Hosts that have a pin each. */
enum class Region(val host: String, val pin: String) {
    EUROPE("europe.kotlinpins.example.com", "sha256/BFBnx9ZJPFp8e5KslJAC6Wt7eyyQavPGHg2pFPphhH8="),
    ASIA("asia.kotlinpins.example.com", "sha256/vSY+3ecG6ZWqEHmtmmceAY+mICBEFQq8Ocb/aFyrNI4=");

    fun client(): OkHttpClient = CertificatePinner.Builder().add(host, pin).client()
}

/** One of a closed set of stages. */
sealed class Stage(val host: String) {
    abstract val pin: String

    object Test : Stage("test.kotlinpins.example.com") {
        override val pin = "sha256/sd0ubUgwz6J2eXoeraK12vL3AgnXiVKptOUskF+UBUk="
    }

    object Live : Stage("live.kotlinpins.example.com") {
        override val pin = "sha256/STlq3WUkKpCGkZGUMyqFY1GemCyUqqb8LdSC3M6cQi0="
    }
}

/** A graph of objects, as dependency injection makes it. */
class Graph(private val context: Context) {
    private val pinner: CertificatePinner by lazy {
        CertificatePinner.Builder().add("lazy.kotlinpins.example.com", "sha256/q9Mlid4Pl9eZt1b+Fqbz58xDujvTpHHWwY/ckTlSv9g=").build()
    }
    private val base by lazy { OkHttpClient.Builder().followRedirects(context.packageName.isEmpty()).build() }
    val client by lazy { base.newBuilder().certificatePinner(pinner).build() }
    private val host by lazy { "lazy-host.kotlinpins.example.com" }
    val second by lazy(LazyThreadSafetyMode.NONE) { CertificatePinner.Builder().add(host, "sha256/Iurg6FvyOTYQfNITZrxf4+7bGUAwpnIhPHKc3md8bec=").client() }
}

/** Providers by their type, as service locators keep them. */
class Locator {
    private val providers = HashMap<String, () -> Any>()

    fun <T : Any> single(name: String, provider: () -> T) {
        providers[name] = provider
    }

    fun get(name: String): Any = providers.getValue(name)()
}

/** Pins in objects. */
class Objects(private val context: Context) {
    fun addTo(clients: MutableList<OkHttpClient>) {
        clients += ClientFactory(CachedSource(LiveSource())).create()
        clients += Region.EUROPE.client()
        clients += Region.ASIA.client()
        clients += listOf(Stage.Test, Stage.Live).map { stage ->
            CertificatePinner.Builder().add(stage.host, stage.pin).client()
        }
        val graph = Graph(context)
        clients += graph.client
        clients += graph.second
        val locator = Locator()
        locator.single("client") {
            CertificatePinner.Builder().add("locator.kotlinpins.example.com", "sha256/vHAkVEHyTiNXcKcj8Ej1uTZtgraZrckqTf2gB+AqtKQ=").client()
        }
        clients += locator.get("client") as OkHttpClient
        clients += Settings(host = "settings.kotlinpins.example.com").client
    }

    private class Settings(host: String, pin: String = "sha256/+hX/rmOxWhXihW4syvROhc1O/Aswoogqcqf6lkP2ATs=") {
        val client = CertificatePinner.Builder().add(host, pin).client()
    }
}
