package io.netty.handler.ssl.util;

import javax.net.ssl.TrustManagerFactory;

public final class InsecureTrustManagerFactory {
    public static final TrustManagerFactory INSTANCE = null;
}
