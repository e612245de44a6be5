package org.example.tlskotlin

import android.app.Activity
import android.os.Bundle
import android.webkit.WebView
import org.xwalk.core.XWalkView

/** Puts every page client to use but [UnusedPage]. */
class MainActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val page = WebView(this)
        page.setWebViewClient(ProceedingPage())
        page.setWebViewClient(ProceedingWhenNotNull())
        page.setWebViewClient(ProceedingInLet())
        page.setWebViewClient(AskingPage())
        page.setWebViewClient(PickyPage())
        page.setWebViewClient(HostPage())
        page.setWebViewClient(DebugPage())
        page.setWebViewClient(CancellingPage())
        page.setWebViewClient(TellingPage())
        page.setWebViewClient(ForgettingPage())
        page.setWebViewClient(PageOfTestServers())
        page.setWebViewClient(PageOfAnyServer())
        com.tencent.smtt.sdk.WebView(this).setWebViewClient(PageOfX5())
        com.uc.webview.export.WebView(this).setWebViewClient(PageOfUc())
        val view = XWalkView(this)
        view.setResourceClient(PageOfCrosswalk(view))
        page.loadUrl("https://shop.tlskotlin.example.com/")
    }
}
