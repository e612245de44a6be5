package org.example.javapins;

import android.content.Context;
import java.util.List;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins and builders in fields of objects. */
final class Objects {
    private final CertificatePinner.Builder builder = new CertificatePinner.Builder();
    private final OkHttpClient shared;
    private final Settings settings = new Settings("field.javapins.example.com", "sha256/pECRllFA5JhgrcUoklFReLEg8BqvyWC7qH52X0FzAEs=");
    private CertificatePinner pinner;

    Objects(Context context) {
        shared = new OkHttpClient.Builder().followRedirects(context != null).build();
        Config.host = "static-field.javapins.example.com";
        Config.pin = "sha256/J3FeAO1rM5zA79wtw6wv3pMmj/tkmD1tRWBErBOcf/c=";
    }

    void addTo(List<OkHttpClient> clients) {
        clients.add(Clients.of(new CertificatePinner.Builder().add(settings.host, settings.pin)));
        clients.add(Clients.of(new CertificatePinner.Builder().add(Config.host, Config.pin)));
        prepare();
        clients.add(Clients.of(builder.build()));
        makePinner();
        clients.add(new OkHttpClient.Builder().certificatePinner(pinner).build());
        clients.add(shared.newBuilder()
                .certificatePinner(new CertificatePinner.Builder().add("shared.javapins.example.com", "sha256/KK7jX4vZehJN4ZebOYANRuY9WJ8QYAnLfnV/96X6EKo=").build())
                .build());
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(Environment.LIVE.host, Environment.LIVE.pin)));
        clients.add(all());
    }

    private void prepare() {
        builder.add("builder-field.javapins.example.com", "sha256/NyC38Thi0JnEy0uE6qvJUvDuVqulYYvv5Nqi3hLDKHo=");
    }

    private void makePinner() {
        pinner = new CertificatePinner.Builder().add("pinner-field.javapins.example.com", "sha256/bq0Ufdv65HXBWCsOeh4iNrnuknF0XpTqwFWloGdjavo=").build();
    }

    private static OkHttpClient all() {
        CertificatePinner.Builder all = new CertificatePinner.Builder();
        for (Region region : Region.values()) {
            all.add(region.host(), region.pin);
        }
        return Clients.of(all);
    }

    /** Written before it is read, as settings often are. */
    static final class Config {
        static String host;
        static String pin;
    }

    /** What a constructor gets. */
    private static final class Settings {
        final String host;
        final String pin;

        Settings(String host, String pin) {
            this.host = host;
            this.pin = pin;
        }
    }

    /** One constant is read by its name. */
    enum Environment {
        LIVE("enum.javapins.example.com", "sha256/pK0gjVuPPf+4Ovsc7DiCi1dfLGDI2XLWjJQZE8XzTn8=");

        final String host;
        final String pin;

        Environment(String host, String pin) {
            this.host = host;
            this.pin = pin;
        }
    }

    /** All constants are gone through. */
    enum Region {
        EUROPE("europe", "sha256/yXy81eSlwKOtkcLwSZbDSacjQ/GgCpl4ddg1HuCbbwE="),
        ASIA("asia", "sha256/LUOoGAFvKY2Al35gvAjACfg/kHFBxA+3TxJIZUAaYok=");

        final String pin;
        private final String label;

        Region(String label, String pin) {
            this.label = label;
            this.pin = pin;
        }

        String host() {
            return label + ".regions.javapins.example.com";
        }
    }
}
