package io.grpc;

public abstract class ManagedChannel {
}
