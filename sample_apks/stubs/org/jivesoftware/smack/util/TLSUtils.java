package org.jivesoftware.smack.util;

import org.jivesoftware.smack.ConnectionConfiguration;

public class TLSUtils {
    public static <B extends ConnectionConfiguration.Builder<B, ?>> B acceptAllCertificates(B builder) {
        return builder;
    }

    public static <B extends ConnectionConfiguration.Builder<B, ?>> B disableHostnameVerificationForTlsCertificates(
            B builder) {
        return builder;
    }
}
