package android.net.http;

import android.os.Bundle;
import java.security.cert.X509Certificate;

public class SslCertificate {
    public static Bundle saveState(SslCertificate certificate) {
        return null;
    }

    public DName getIssuedTo() {
        return null;
    }

    public X509Certificate getX509Certificate() {
        return null;
    }

    public class DName {
        public String getCName() {
            return null;
        }
    }
}
