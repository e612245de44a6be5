package io.grpc.util;

public final class AdvancedTlsX509TrustManager {
    public enum Verification {
        CERTIFICATE_AND_HOST_NAME_VERIFICATION,
        CERTIFICATE_ONLY_VERIFICATION,
        INSECURELY_SKIP_ALL_VERIFICATION
    }

    public static Builder newBuilder() {
        return null;
    }

    public static final class Builder {
        public Builder setVerification(Verification verification) {
            return this;
        }

        public AdvancedTlsX509TrustManager build() {
            return null;
        }
    }
}
