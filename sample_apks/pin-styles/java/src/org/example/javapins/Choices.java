package org.example.javapins;

import java.util.List;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins that depend on a condition: each of them may be in force. */
final class Choices {
    void addTo(List<OkHttpClient> clients) {
        boolean staging = "staging".equals(System.getProperty("stage"));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(staging ? "staging.javapins.example.com" : "live.javapins.example.com", "sha256/IN3MHV2u5bgCFXuJu4ZcFp7aeJzPA2ESMrO2N9j+3h8=")));
        clients.add(branches(staging));
        clients.add(flavour(System.getProperty("flavour", "")));
        if (BuildConfig.FLAVOR.equals("store")) {
            clients.add(Clients.of(new CertificatePinner.Builder().add("store.javapins.example.com", "sha256/FqfKHtWwYZu6KfSwrHMt3BO2B16vUU77jde6CooKJtg=")));
        }
        clients.add(guarded());
    }

    private static OkHttpClient branches(boolean staging) {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        if (staging) {
            builder.add("branch-one.javapins.example.com", "sha256/JIKcKuv0YqAfqBYsgo1bDpl71rnZU6/xGwYI4Q3GdLI=");
        } else {
            builder.add("branch-two.javapins.example.com", "sha256/2e3261uY2GrGHa1u4F2hB6lPJyWuM+7BNNaqQHhlwck=");
        }
        return Clients.of(builder);
    }

    private static OkHttpClient flavour(String name) {
        String host;
        String pin;
        switch (name) {
            case "free":
                host = "free.javapins.example.com";
                pin = "sha256/5UzZ55rIf7lL5TL2Ky7eVoShD5LWCXYJIY4QtzdyMdg=";
                break;
            case "paid":
                host = "paid.javapins.example.com";
                pin = "sha256/iYyKanpfPmCFHSm6AtAmECvda6fvvzjk35QmNBx7YTI=";
                break;
            default:
                host = "other.javapins.example.com";
                pin = "sha256/6O4FG9JeqMlzkR82VKhv4vpOXdaKuMs0kXPccdjWv0Q=";
                break;
        }
        return Clients.of(new CertificatePinner.Builder().add(host, pin));
    }

    private static OkHttpClient guarded() {
        OkHttpClient.Builder client = new OkHttpClient.Builder();
        if (!BuildConfig.DEBUG) {
            client.certificatePinner(new CertificatePinner.Builder()
                    .add("guarded.javapins.example.com", "sha256/mwgAuBjRQJio/QXfLTsyTvmdcdIMOvQqM6qRqL2pgYE=")
                    .build());
        }
        return client.build();
    }
}
