package org.example.javapins;

import java.util.List;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Constants where they are used, in arrays and in other classes. */
final class Literals {
    private static final String[] PINS = {"sha256/1viJ4+ipY+DX4fDSLhh8upl0GD2dkOtBP+hlVyesr1Y=", "sha256/zem2VlYKGFtyHE84K1vkmzYw7FB38/B2q6YBbE5WCSw="};
    private static final String HOST = "constants.javapins.example.com";
    private static final CertificatePinner SHARED;

    static {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        builder.add("initialiser.javapins.example.com", "sha256/W0A05wd0bVjUKJNJ5AtrA01xtuG4pVRM6XyLeh1zutY=");
        SHARED = builder.build();
    }

    void addTo(List<OkHttpClient> clients) {
        clients.add(new OkHttpClient.Builder()
                .certificatePinner(new CertificatePinner.Builder()
                        .add("inline.javapins.example.com", "sha256/xLTla/iWu8YcvPl/Hw1QDdP4bdfILaI7ivB32kWAAEI=", "sha256/UQkWlKqdcW52QfX3Tvl19ZpkfrM8yNPqzCtFcuXyVY8=")
                        .build())
                .build());
        clients.add(localArray());
        clients.add(Clients.of(new CertificatePinner.Builder().add(HOST, PINS)));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(BuildConfig.PINNED_HOST, BuildConfig.PIN)
                .add(BuildConfig.PINNED_HOST, BuildConfig.BACKUP_PINS)));
        clients.add(Clients.of(SHARED));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("chain-one.javapins.example.com", "sha256/OnsVNJlYxt2iYhvLHebaOrKFVgLFznKBZr2lZK6rzC0=")
                .add("*.chain-two.javapins.example.com", "sha256/IGwiLwXkYdXgblzTRjEyr+nbaQtsN/td3VE7ULrR3ww=")
                .add("**.chain-three.javapins.example.com", "sha1/W3sGdfY1w5hziI6TGLPiFhEtFSg=")));
    }

    private static OkHttpClient localArray() {
        String[] pins = new String[2];
        pins[0] = "sha256/Ds9XEJGd/Af6JMRH0qhxYtH3kPi7OYOPqVzqtql977U=";
        pins[1] = "sha256/s0VIj2VFmCOL1hf7e8RVcZLzrpNHNir1fjfY5ZKQykc=";
        return Clients.of(new CertificatePinner.Builder().add("array.javapins.example.com", pins));
    }
}
