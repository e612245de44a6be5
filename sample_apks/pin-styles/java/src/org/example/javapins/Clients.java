package org.example.javapins;

import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Makes clients of pinners. */
final class Clients {
    private Clients() {
    }

    static OkHttpClient of(CertificatePinner pinner) {
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }

    static OkHttpClient of(CertificatePinner.Builder pins) {
        return of(pins.build());
    }
}
