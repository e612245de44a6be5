package org.example.tlskotlin

import android.app.AlertDialog
import android.content.pm.ApplicationInfo
import android.net.http.SslError
import android.util.Log
import android.webkit.SslErrorHandler
import android.webkit.ValueCallback
import android.webkit.WebView
import android.webkit.WebViewClient
import org.xwalk.core.XWalkResourceClient
import org.xwalk.core.XWalkView

class ProceedingPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView?, handler: SslErrorHandler?, error: SslError?) {
        handler?.proceed()
    }
}

class ProceedingWhenNotNull : WebViewClient() {
    override fun onReceivedSslError(view: WebView?, handler: SslErrorHandler?, error: SslError?) {
        if (handler != null && error != null) {
            Log.i("page", error.url)
            handler.proceed()
        }
    }
}

class ProceedingInLet : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        handler.let {
            Log.i("page", "going on")
            it.proceed()
        }
    }
}

class UnusedPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) = handler.proceed()
}

class AskingPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        AlertDialog.Builder(view.context)
            .setMessage("The certificate of ${error.url} is wrong")
            .setPositiveButton("Go on") { _, _ -> handler.proceed() }
            .setNegativeButton("Stop") { _, _ -> handler.cancel() }
            .show()
    }
}

class PickyPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        when (error.primaryError) {
            SslError.SSL_EXPIRED, SslError.SSL_NOTYETVALID -> handler.proceed()
            else -> handler.cancel()
        }
    }
}

class HostPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        if (error.url.startsWith("https://shop.tlskotlin.example.com/")) handler.proceed() else handler.cancel()
    }
}

class DebugPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        val debuggable = view.context.applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE != 0
        if (debuggable) handler.proceed() else super.onReceivedSslError(view, handler, error)
    }
}

class CancellingPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView?, handler: SslErrorHandler?, error: SslError?) {
        Log.i("page", error?.url ?: "")
        handler?.cancel()
    }
}

/** Cancels, also where it looks at the kind of error first. */
class TellingPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        val why = when (error.primaryError) {
            SslError.SSL_EXPIRED -> "expired"
            SslError.SSL_IDMISMATCH -> "for another name"
            else -> "untrusted"
        }
        Log.i("page", why)
        handler.cancel()
    }
}

/** Does nothing about the error, so that the page never loads. */
class ForgettingPage : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) {
        Log.i("page", error.url)
    }
}

/** False in this build. */
class PageOfTestServers : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) =
        if (BuildConfig.TEST_SERVERS) handler.proceed() else handler.cancel()
}

/** True in this build. */
class PageOfAnyServer : WebViewClient() {
    override fun onReceivedSslError(view: WebView, handler: SslErrorHandler, error: SslError) =
        if (BuildConfig.ANY_SERVER) handler.proceed() else handler.cancel()
}

class PageOfX5 : com.tencent.smtt.sdk.WebViewClient() {
    override fun onReceivedSslError(
        view: com.tencent.smtt.sdk.WebView?,
        handler: com.tencent.smtt.export.external.interfaces.SslErrorHandler?,
        error: com.tencent.smtt.export.external.interfaces.SslError?,
    ) {
        handler?.proceed()
    }
}

class PageOfUc : com.uc.webview.export.WebViewClient() {
    override fun onReceivedSslError(
        view: com.uc.webview.export.WebView,
        handler: com.uc.webview.export.SslErrorHandler,
        error: SslError,
    ) = handler.proceed()
}

class PageOfCrosswalk(view: XWalkView) : XWalkResourceClient(view) {
    override fun onReceivedSslError(view: XWalkView, callback: ValueCallback<Boolean>, error: SslError) {
        callback.onReceiveValue(true)
    }
}
