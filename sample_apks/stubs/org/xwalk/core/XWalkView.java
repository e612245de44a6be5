package org.xwalk.core;

import android.content.Context;

public class XWalkView {
    public XWalkView(Context context) {
    }

    public void setResourceClient(XWalkResourceClient client) {
    }
}
