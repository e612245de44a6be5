package org.example.javapins;

import android.content.Context;
import android.net.http.HttpEngine;
import android.util.Base64;
import java.time.Instant;
import java.util.Collections;
import java.util.Date;
import java.util.HashSet;
import java.util.Set;
import org.chromium.net.CronetEngine;

/** Chromium's network stack, whose pins are arrays of bytes; the library itself is not in the package. */
final class OtherStacks {
    static CronetEngine cronet;
    static HttpEngine engine;

    private OtherStacks() {
    }

    static void start(Context context) {
        Set<byte[]> pins = new HashSet<>();
        pins.add(Base64.decode("8M7eIjUxOMT6jTrDVLuniRYgZ9/biRtracUOwE2DvTM=", Base64.DEFAULT));
        pins.add(new byte[] {
            -61, 99, 37, 120, 25, 10, -119, 54, 124, -72, 1, 77, 42, 124, 50, 62,
            20, -44, -50, -67, -97, 38, -55, 1, 74, -50, -104, -82, 60, -11, 125, -14,
        });
        CronetEngine.Builder builder = new CronetEngine.Builder(context);
        builder.addPublicKeyPins("cronet.javapins.example.com", pins, true, new Date(1893456000000L));
        cronet = builder.build();
        engine = new HttpEngine.Builder(context)
                .addPublicKeyPins(
                        "httpengine.javapins.example.com",
                        Collections.singleton(java.util.Base64.getDecoder().decode("e1fgrNm1wZ4zhm65h64wSkvH5KHXPNcV9IBYbcGvlLU=")),
                        false,
                        Instant.ofEpochMilli(1893456000000L))
                .build();
    }
}
