package org.chromium.net;

import android.content.Context;
import java.util.Date;
import java.util.Set;

public abstract class CronetEngine {
    public static class Builder {
        public Builder(Context context) {
        }

        public Builder addPublicKeyPins(String host, Set<byte[]> pins, boolean includeSubdomains, Date expires) {
            return this;
        }

        public CronetEngine build() {
            return null;
        }
    }
}
