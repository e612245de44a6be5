package org.example.tlsshrunk;

import android.app.Activity;
import android.os.Bundle;
import android.webkit.WebView;

/** Puts every page client to use but those whose names begin with Unused. */
public class MainActivity extends Activity {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        WebView page = new WebView(this);
        page.setWebViewClient(new ProceedingPage());
        page.setWebViewClient(new AskingPage());
        page.setWebViewClient(new PickyPage());
        page.setWebViewClient(new DebugPage());
        page.setWebViewClient(new CancellingPage());
        new com.tencent.smtt.sdk.WebView(this).setWebViewClient(new EnginePage());
        page.loadUrl("https://shop.tlsshrunk.example.com/");
    }
}
