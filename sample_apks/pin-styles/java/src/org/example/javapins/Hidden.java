package org.example.javapins;

import android.content.Context;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins that are known only while the app runs. */
final class Hidden {
    private final Context context;

    Hidden(Context context) {
        this.context = context;
    }

    void addTo(List<OkHttpClient> clients) {
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("decrypted.javapins.example.com", decrypted("Y2lwaGVyIHRleHQgb2YgYSBwaW4="))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add(masked("cipher text of a host"), masked("cipher text of another pin"))));
        clients.add(Clients.of(new CertificatePinner.Builder()
                .add("prefs.javapins.example.com",
                        context.getSharedPreferences("pins", 0).getString("pin", "sha256/wf0bxVKHNMaK4oJkKeB3Kx6Tl4PxlN+WSW7HBADKN+0="))));
    }

    private static String decrypted(String text) {
        try {
            Cipher cipher = Cipher.getInstance("AES");
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(new byte[16], "AES"));
            return new String(cipher.doFinal(java.util.Base64.getDecoder().decode(text)), StandardCharsets.UTF_8);
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private String masked(String text) {
        char[] letters = text.toCharArray();
        for (int i = 0; i < letters.length; i++) {
            letters[i] ^= context.getPackageName().charAt(i % 5);
        }
        return new String(letters);
    }
}
