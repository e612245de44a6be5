package org.example.javapins;

import android.content.Context;
import android.content.res.Resources;
import android.util.Base64;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Texts that are put together, decoded, or kept in resources. */
final class Texts {
    private static final String[] SUBDOMAINS = {"api", "cdn"};
    private final Context context;
    private String domain = "javapins.example.com";

    Texts(Context context) {
        this.context = context;
    }

    void addTo(List<OkHttpClient> clients) {
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("concatenated." + domain, prefixed("yYG5zUkiLFUnC1urfvNIUbWVRpcTBD+KH8WTBuWloPY="))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(String.format(Locale.ROOT, "%s.%s", "formatted", domain), String.format("sha256/%s", "w3SEQI71+IqFcKsu2+NtH7Y3X8StDHIWHp3tPWXoyxU="))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("concat.".concat(domain), "sha256/".concat("BKjwHPmTnbAufwUQ99BFCwMjmuDUkZOXfHP84Jk0gi4="))));
        clients.add(Clients.of(new CertificatePinner.Builder().add(built(), "sha256/93MC/1l2SplowAoE+KJZbkN+r4VDOKslck1OQ0yUvmU=")));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(" Trimmed.javapins.example.com ".trim().toLowerCase(Locale.ROOT), "sha256/+74i2og3VPhagTJsfjowsj7EyB3jvlYRnQ2pxA6pkJ4=")));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("https://url.javapins.example.com/path".substring(8).split("/")[0], "sha256/S+4wjkaHha16v2NmPyLOdFxY1Un+obRLks4F1mXZmCM=")));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("split.javapins.example.com", "sha256/K504Q56+bWdAlVd/Fuj7BSZOG/rZ7SKToJHYMF0wT+0=,sha256/0TX5hIpmKqR4A3HXsxwE0GAOFl64jhRo5g1zgDq0eq0=".split(","))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(decoded("YmFzZTY0LmphdmFwaW5zLmV4YW1wbGUuY29t"), decoded("c2hhMjU2Ly9zcnZHclFBSi9PZGdmdjJ4YXJyckpyU1h6Vlg0enhhOVVNRDgycmVUa1k9"))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("javabase64.javapins.example.com",
                        new String(java.util.Base64.getDecoder().decode("c2hhMjU2LzJaTUU4bmZrSkN5dWFhTWxvNFRaNkxudFZRZGx0SEFDM0NQZXB2N2drOUk9")))));
        fromResources(clients);
        perSubdomain(clients);
    }

    private static String prefixed(String digest) {
        return "sha256/" + digest;
    }

    private String built() {
        StringBuilder text = new StringBuilder();
        text.append("built");
        text.append('.');
        text.append(domain);
        return text.toString();
    }

    private static String decoded(String text) {
        return new String(Base64.decode(text, Base64.DEFAULT));
    }

    private void fromResources(List<OkHttpClient> clients) {
        Resources resources = context.getResources();
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(context.getString(R.string.pinned_host), resources.getStringArray(R.array.pins))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("resource-pin." + resources.getString(R.string.pinned_domain), context.getString(R.string.pin))));
    }

    private void perSubdomain(List<OkHttpClient> clients) {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (String name : Arrays.asList(SUBDOMAINS)) {
            builder.add(name + ".many.javapins.example.com", "sha256/6GdgdX95VBFRaX0zFPAlo+MQzF0ALHaAkpkA/gBhLCg=");
        }
        clients.add(Clients.of(builder));
    }
}
