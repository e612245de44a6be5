package org.example.kotlinpins

import android.app.Activity
import android.util.Log
import java.io.IOException
import okhttp3.Request

/** Calls with every client. */
class MainActivity : Activity() {
    override fun onResume() {
        super.onResume()
        PinsApp.clients.forEach { client ->
            val request = Request.Builder().url(intent.dataString!!).build()
            try {
                Log.d("pins", client.newCall(request).execute().toString())
            } catch (e: IOException) {
                Log.d("pins", "no answer", e)
            }
        }
    }
}
