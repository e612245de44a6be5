package org.example.okshrunk;

import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Makes clients that hold the server to its keys. */
final class Clients {
    static final String HOST = "api.okshrunk.example.com";

    private Clients() {
    }

    static OkHttpClient pinned() {
        CertificatePinner pinner = new CertificatePinner.Builder()
                .add(HOST,
                        "sha256/+t1vSqkMRoHxbmECHtpUQxOVgce2qfun6yVCn0FepQY=",
                        "sha256/Q6kuQ00F7CEzLDGu68tmKCWdqi/341hiliX73Xg8ggw=")
                .build();
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }
}
