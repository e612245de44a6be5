package org.example.tlsapikotlin

import android.app.Activity
import android.os.Bundle
import android.util.Log
import android.webkit.WebSettings
import android.webkit.WebView
import java.net.HttpURLConnection
import java.net.URL

/** Runs everything but what begins with Unused. */
class MainActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        WebView(this).mixed()
        WebView(this).sound()
        sockets()
        engines()
        PlainSockets.run(given = packageName)
        protocols()
        helpers()
        messages()
        Addresses.run()
    }
}

private fun WebView.mixed() = apply {
    settings.mixedContentMode = WebSettings.MIXED_CONTENT_ALWAYS_ALLOW
    loadUrl("http://page.open.tlsapikotlin.example.com/")
}

private fun WebView.sound() {
    with(settings) {
        mixedContentMode = WebSettings.MIXED_CONTENT_NEVER_ALLOW
        mixedContentMode = WebSettings.MIXED_CONTENT_COMPATIBILITY_MODE
    }
    loadUrl("https://page.tlsapikotlin.example.com/")
}

/** URLs without TLS: what the policy says of each host decides. */
internal object Addresses {
    private const val HOST = "api.open.tlsapikotlin.example.com"
    private val status by lazy { URL("http://192.168.0.10/status") }

    fun run() {
        open("http://$HOST/v1")
        open(path = "v2")
        status.open()
        open("http://localhost:8080/")
        open("https://sound.tlsapikotlin.example.com/")
        Log.i("text", URL("http://text.open.tlsapikotlin.example.com/").readText())
        Log.i("xml", "http://schemas.android.com/apk/res/android")
        Log.i("licence", "http://www.apache.org/licenses/LICENSE-2.0")
    }

    private fun open(host: String = "closed.tlsapikotlin.example.com", path: String, scheme: String = "http") =
        URL("$scheme://$host/$path").open()

    private fun open(address: String) = URL(address).open()

    private fun URL.open() = (openConnection() as HttpURLConnection).run { connect() }
}
