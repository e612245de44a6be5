package org.example.tlsapis;

import android.app.Activity;
import android.os.Bundle;
import android.webkit.WebSettings;
import android.webkit.WebView;
import java.io.IOException;
import java.security.GeneralSecurityException;

/** Runs everything but the classes whose names begin with Unused. */
public class MainActivity extends Activity {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        MixedPage.run(new WebView(this));
        SoundPage.run(new WebView(this));
        try {
            Sockets.run();
            PlainSockets.run(getPackageName());
            Protocols.run();
            Helpers.run();
            Stores.run();
            Messages.run();
            Addresses.run();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

class MixedPage {
    static void run(WebView page) {
        page.getSettings().setMixedContentMode(WebSettings.MIXED_CONTENT_ALWAYS_ALLOW);
        page.loadUrl("http://page.open.tlsapis.example.com/");
    }
}

class SoundPage {
    static void run(WebView page) {
        page.getSettings().setMixedContentMode(WebSettings.MIXED_CONTENT_NEVER_ALLOW);
        page.getSettings().setMixedContentMode(WebSettings.MIXED_CONTENT_COMPATIBILITY_MODE);
        page.loadUrl("https://page.tlsapis.example.com/");
    }
}
