package io.grpc;

public final class Grpc {
    public static ManagedChannelBuilder<?> newChannelBuilder(String target, ChannelCredentials credentials) {
        return null;
    }

    public static ManagedChannelBuilder<?> newChannelBuilderForAddress(
            String host, int port, ChannelCredentials credentials) {
        return null;
    }
}
