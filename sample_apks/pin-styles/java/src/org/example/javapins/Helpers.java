package org.example.javapins;

import java.util.List;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins that pass through methods. */
final class Helpers {
    void addTo(List<OkHttpClient> clients) {
        clients.add(client("helper-one.javapins.example.com", "sha256/fazrBq7ORc1NHu8y1KHa+mrzWp9qKIlR9aq+QtZ90lE="));
        clients.add(client("helper-two.javapins.example.com", "sha256/CbYYeRdnLWNY0oRxJfw7tVaneLVzx+voRUPwON4FbPU=", "sha256/gnnR43i3xfFO1Wk7qdraxmwpudz+mew4eGbQxK6Ra9U="));
        clients.add(first("three-calls.javapins.example.com", "sha256/8e164gGp0KvPeEiYs+LF+YqzYl2ZuHzuTdLTIXxL958="));
        clients.add(first("three-more.javapins.example.com", "sha256/WWoz9+WWeireGT7x6riwuf/hoLBZiXbXJ8Yfut1VCl8="));
        clients.add(Clients.of(more(base(), "sha256/8Hu8Vp8PxhYON8/jFN35JjYlbefbKnDJ+vR7f6jKcVs=")));
        CertificatePinner.Builder filled = new CertificatePinner.Builder();
        fill(filled);
        clients.add(Clients.of(filled));
        clients.add(Clients.of(new CertificatePinner.Builder().add(host("returned"), pin())));
    }

    private static OkHttpClient client(String host, String... pins) {
        return Clients.of(new CertificatePinner.Builder().add(host, pins));
    }

    private static OkHttpClient first(String host, String pin) {
        return second(pin, host);
    }

    private static OkHttpClient second(String pin, String host) {
        return third(host, new String[] {pin});
    }

    private static OkHttpClient third(String host, String[] pins) {
        CertificatePinner pinner = new CertificatePinner.Builder().add(host, pins).build();
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }

    private static CertificatePinner.Builder base() {
        return new CertificatePinner.Builder().add("base.javapins.example.com", "sha256/GJ6WeLzwcnab4UblmmAH4+0u4VOx2ADMFWXCAz6dLO4=");
    }

    private static CertificatePinner.Builder more(CertificatePinner.Builder builder, String pin) {
        return builder.add("more.javapins.example.com", pin);
    }

    private static void fill(CertificatePinner.Builder builder) {
        builder.add("filled.javapins.example.com", "sha256/BNp32s8saVxr7oHS5Hpbx/Zqd6U/ILyaoGR5esO5ZAA=");
    }

    private static String host(String name) {
        return name + ".javapins.example.com";
    }

    private static String pin() {
        return "sha256/WU+ko9eWDUTNw1RU7FgcJqK9jJ2KQaFmY0eH3rrrYYE=";
    }
}
