package com.datatheorem.android.trustkit;

import android.content.Context;

public class TrustKit {
    public static TrustKit initializeWithNetworkSecurityConfiguration(Context context) {
        return null;
    }
}
