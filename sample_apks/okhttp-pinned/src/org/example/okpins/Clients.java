package org.example.okpins;

import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Makes clients that hold the server to its keys. */
final class Clients {
    static final String HOST = "api.okpins.example.com";

    private Clients() {
    }

    static OkHttpClient pinned() {
        CertificatePinner pinner = new CertificatePinner.Builder()
                .add(HOST,
                        "sha256/ykS4GFxiX+sWjbsY2rAvlEPcb+WxADuddi5o/SRqJF8=",
                        "sha256/tGlLIIL1eTDiP+N1pjoXXT5T7JZFhRLUGrsWd6C1U0M=")
                .build();
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }
}
