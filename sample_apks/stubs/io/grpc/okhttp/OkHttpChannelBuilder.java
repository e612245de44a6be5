package io.grpc.okhttp;

import io.grpc.ManagedChannel;

public final class OkHttpChannelBuilder {
    public static OkHttpChannelBuilder forAddress(String host, int port) {
        return null;
    }

    public OkHttpChannelBuilder negotiationType(NegotiationType type) {
        return this;
    }

    public ManagedChannel build() {
        return null;
    }
}
