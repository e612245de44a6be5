package org.xwalk.core;

import android.net.http.SslError;
import android.webkit.ValueCallback;

public class XWalkResourceClient {
    public XWalkResourceClient(XWalkView view) {
    }

    public void onReceivedSslError(XWalkView view, ValueCallback<Boolean> callback, SslError error) {
        callback.onReceiveValue(false);
    }
}
