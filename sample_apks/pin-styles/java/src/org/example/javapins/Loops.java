package org.example.javapins;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins out of collections. */
final class Loops {
    private static final Map<String, String> PIN_OF = new HashMap<>();
    private static final String[] HOSTS = {"parallel-one.javapins.example.com", "parallel-two.javapins.example.com"};
    private static final String[] PINS = {"sha256/8OW52QGzz1VQY+AdVHx/bjv9gj1QtFa5FO5CH7rLBfs=", "sha256/inyUSfqO4/AAHPsLeYsYkm0+BowsGisDRYfLcyle648="};
    private static final String[][] TABLE = {
        {"table-one.javapins.example.com", "sha256/7jOYaXQJtw8gec9y6UcfeZdw4IRiyiNhanyeUhy3+OE="},
        {"table-two.javapins.example.com", "sha256/nObDHfcz8HbIpR1XnJm4ElC2TZ8ln6aiqi/Qn4A1Vn0="},
    };

    static {
        PIN_OF.put("map-one.javapins.example.com", "sha256/ptkGvvEy1tqRW+uACS3qjOw8p6FPBhFXk5IEDYNs6Rw=");
        PIN_OF.put("map-two.javapins.example.com", "sha256/kcoTHp9gFYh6uWxsvXwujbqszY4qbw3oTJWLjXvn2wg=");
        PIN_OF.put("map-three.javapins.example.com", "sha256/UUoZZVgSdzJZg3/qFTn6Qw1kRAizRHLhjSeeAJQCgnI=");
    }

    void addTo(List<OkHttpClient> clients) {
        clients.add(Clients.of(entries()));
        clients.add(Clients.of(keys()));
        clients.add(Clients.of(mapOfArrays()));
        clients.add(Clients.of(parallel()));
        clients.add(Clients.of(table()));
        clients.add(Clients.of(records()));
        clients.add(Clients.of(list()));
        clients.add(Clients.of(fromList()));
    }

    private static CertificatePinner.Builder entries() {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (Map.Entry<String, String> entry : PIN_OF.entrySet()) {
            builder.add(entry.getKey(), entry.getValue());
        }
        return builder;
    }

    private static CertificatePinner.Builder keys() {
        Map<String, String> pins = new LinkedHashMap<>();
        pins.put("key-one.javapins.example.com", "sha256/zi84D/v4qc1iiUuouVhlEh6J7gpzhFPou0vdJxwhdac=");
        pins.put("key-two.javapins.example.com", "sha256/N8EfhPmqOXmgH7AeCJVHvW8rfrQFmrd8yfoISyCudtk=");
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (String host : pins.keySet()) {
            builder.add(host, pins.get(host));
        }
        return builder;
    }

    private static CertificatePinner.Builder mapOfArrays() {
        Map<String, String[]> pins = new HashMap<>();
        pins.put("arrays-one.javapins.example.com", new String[] {"sha256/R+pK/+4FqXpsz03r/rJysgoY0pcLI42ShbyxRyzyO/k=", "sha256/sx47lddqQ36ojuMkGsVw+U8clhMkIN4tXLsGWHPA+Ts="});
        pins.put("arrays-two.javapins.example.com", new String[] {"sha256/naYRTV70/iD2psiWP7rf7G0prJU45GXhYRS+oNl41iU="});
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (Map.Entry<String, String[]> entry : pins.entrySet()) {
            builder.add(entry.getKey(), entry.getValue());
        }
        return builder;
    }

    private static CertificatePinner.Builder parallel() {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (int i = 0; i < HOSTS.length; i++) {
            builder.add(HOSTS[i], PINS[i]);
        }
        return builder;
    }

    private static CertificatePinner.Builder table() {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (String[] row : TABLE) {
            builder.add(row[0], row[1]);
        }
        return builder;
    }

    private static CertificatePinner.Builder records() {
        List<Pin> pins = new ArrayList<>();
        pins.add(new Pin("record-one.javapins.example.com", "sha256/j7XNKKCEPsiVbSa/v0rG9TbFBKPGY38Z7wQYN5vA7rM="));
        pins.add(new Pin("record-two.javapins.example.com", "sha256/qeDxMO4KRah1VBmLLUeRsTxVsQwtYzxXt4yJcy/BpG4="));
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (Pin pin : pins) {
            builder.add(pin.host, pin.value());
        }
        return builder;
    }

    private static CertificatePinner.Builder list() {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        for (String pin : Arrays.asList("sha256/Lg2If2orB3p5kcK1UNmIEExVk5L0ADFsGKaGScoarNk=", "sha256/rCPQtXVYTmjB5z0GxT6CHyZfxJO+ugGhyg997QOy9x8=")) {
            builder.add("list.javapins.example.com", pin);
        }
        for (String host : Collections.singletonList("singleton.javapins.example.com")) {
            builder.add(host, "sha256/VMILbTe3z/v7LrRiQBSzcPU/8OofgzdeUk296PZxPjM=");
        }
        return builder;
    }

    private static CertificatePinner.Builder fromList() {
        List<String> pins = new ArrayList<>();
        pins.add("sha256/GTQtusGIsShDhWovvXE3ANaUGOQgT9yu2z2bEwbUSYo=");
        pins.add("sha256/GygQMhdPpCRxYUkSUMAtkKirAcNVrRrnOfpw0Uw/ar8=");
        return new CertificatePinner.Builder().add("toarray.javapins.example.com", pins.toArray(new String[0]));
    }

    /** A host and its pin. */
    private static final class Pin {
        final String host;
        private final String pin;

        Pin(String host, String pin) {
            this.host = host;
            this.pin = pin;
        }

        String value() {
            return pin;
        }
    }
}
