package org.example.javapins;

import java.security.cert.Certificate;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pinners that are asked by hand, replaced, removed, never used, or never made. */
final class Pinners {
    void addTo(List<OkHttpClient> clients) {
        byHand();
        neverAttached();
        clients.add(replaced());
        clients.add(removed());
        clients.add(copied());
    }

    private static void byHand() {
        CertificatePinner pinner =
                new CertificatePinner.Builder().add("byhand.javapins.example.com", "sha256/HWB2zpDHx+WRZK8bcs51EXEGhO3FkYqNTx6JsNRjw6M=").build();
        try {
            pinner.check("byhand.javapins.example.com", java.util.Collections.<Certificate>emptyList());
        } catch (SSLPeerUnverifiedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void neverAttached() {
        CertificatePinner pinner =
                new CertificatePinner.Builder().add("unattached.javapins.example.com", "sha256/dqPSIm3BlN5C86aoFt7zQpewIF26dijLQ3h24Tbp9sA=").build();
        System.out.println(pinner.hashCode());
    }

    private static OkHttpClient replaced() {
        CertificatePinner first =
                new CertificatePinner.Builder().add("replaced.javapins.example.com", "sha256/zMFFSfHbgBFeAUtDTpECfnFu8C5Q0DtnAojwkO4CVWo=").build();
        CertificatePinner second =
                new CertificatePinner.Builder().add("replacing.javapins.example.com", "sha256/bPwkub0EqAs9ZWppLLAkAlys9plraixSrgtQ6y8fLP4=").build();
        return new OkHttpClient.Builder().certificatePinner(first).certificatePinner(second).build();
    }

    private static OkHttpClient removed() {
        OkHttpClient.Builder builder = new OkHttpClient.Builder();
        builder.certificatePinner(
                new CertificatePinner.Builder().add("removed.javapins.example.com", "sha256/h/8e0ekNjA4Pm+bJjqnxREybd6vk3D4/MktRGAC/cx4=").build());
        builder.certificatePinner(CertificatePinner.DEFAULT);
        return builder.build();
    }

    private static OkHttpClient copied() {
        OkHttpClient base = Clients.of(
                new CertificatePinner.Builder().add("copied.javapins.example.com", "sha256/pEZ10bKnPghblAV6ChGeEQ5IE3BVeuSxzRc/3/vJhDg="));
        return base.newBuilder().followRedirects(false).build();
    }

    static OkHttpClient dead() {
        return Clients.of(new CertificatePinner.Builder().add("dead.javapins.example.com", "sha256/NzSb85HkWD4Sfnp1cxgxCay2R/PamUDmr/BJQzBuoas="));
    }
}
