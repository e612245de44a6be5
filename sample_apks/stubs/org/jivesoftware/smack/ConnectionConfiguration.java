package org.jivesoftware.smack;

public abstract class ConnectionConfiguration {
    public enum SecurityMode {
        required,
        ifpossible,
        disabled
    }

    public abstract static class Builder<B extends Builder<B, C>, C extends ConnectionConfiguration> {
        public B setSecurityMode(SecurityMode mode) {
            return null;
        }

        public abstract C build();
    }
}
