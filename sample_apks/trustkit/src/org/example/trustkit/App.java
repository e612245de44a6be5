package org.example.trustkit;

import android.app.Application;
import com.datatheorem.android.trustkit.TrustKit;

/** Starts TrustKit with the policy of the platform. */
public final class App extends Application {
    @Override
    public void onCreate() {
        super.onCreate();
        TrustKit.initializeWithNetworkSecurityConfiguration(this);
    }
}
