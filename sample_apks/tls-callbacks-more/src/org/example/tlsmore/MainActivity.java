package org.example.tlsmore;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import android.webkit.WebView;
import org.xwalk.core.XWalkView;

/** Puts every page client to use but {@link UnusedPage}. */
public class MainActivity extends Activity implements TellingPage.Listener {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        WebView page = new WebView(this);
        page.setWebViewClient(new HostPage());
        page.setWebViewClient(new LaterPage());
        page.setWebViewClient(new GuardedPage());
        page.setWebViewClient(new ForgettingPage());
        page.setWebViewClient(new TellingPage(this));
        com.uc.webview.export.WebView other = new com.uc.webview.export.WebView(this);
        other.setWebViewClient(new PageOfUc());
        other.setWebViewClient(new PageOfUcThatStops());
        XWalkView walk = new XWalkView(this);
        walk.setResourceClient(new PageOfCrosswalk(walk));
        walk.setResourceClient(new PageOfCrosswalkThatStops(walk));
        page.loadUrl("https://shop.tlsmore.example.com/");
    }

    @Override
    public void onFailed(String url, int why) {
        Log.i("page", url + " failed: " + why);
    }
}
