package org.example.kotlinpins

import android.app.Application
import okhttp3.OkHttpClient

/** Makes every client of the app; each file beside it shows some ways to write down pins. */
class PinsApp : Application() {
    override fun onCreate() {
        super.onCreate()
        Constants().addTo(clients)
        Functions().addTo(clients)
        Collections().addTo(clients)
        Objects(this).addTo(clients)
        Choices().addTo(clients)
        Suspended().addTo(clients)
        Uses(this).addTo(clients)
    }

    companion object {
        val clients = mutableListOf<OkHttpClient>()
    }
}
