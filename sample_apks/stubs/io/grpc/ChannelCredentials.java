package io.grpc;

public abstract class ChannelCredentials {
}
