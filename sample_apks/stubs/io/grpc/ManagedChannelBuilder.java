package io.grpc;

public abstract class ManagedChannelBuilder<T extends ManagedChannelBuilder<T>> {
    public static ManagedChannelBuilder<?> forAddress(String name, int port) {
        return null;
    }

    public static ManagedChannelBuilder<?> forTarget(String target) {
        return null;
    }

    public abstract T usePlaintext();

    public abstract T useTransportSecurity();

    public abstract ManagedChannel build();
}
