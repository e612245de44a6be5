package android.net.http;

import android.content.Context;
import java.time.Instant;
import java.util.Set;

public abstract class HttpEngine {
    public static final class Builder {
        public Builder(Context context) {
        }

        public Builder addPublicKeyPins(String host, Set<byte[]> pins, boolean includeSubdomains, Instant expires) {
            return this;
        }

        public HttpEngine build() {
            return null;
        }
    }
}
