package org.jivesoftware.smack.tcp;

import org.jivesoftware.smack.ConnectionConfiguration;

public final class XMPPTCPConnectionConfiguration extends ConnectionConfiguration {
    public static Builder builder() {
        return null;
    }

    public static final class Builder
            extends ConnectionConfiguration.Builder<Builder, XMPPTCPConnectionConfiguration> {
        @Override
        public XMPPTCPConnectionConfiguration build() {
            return null;
        }
    }
}
