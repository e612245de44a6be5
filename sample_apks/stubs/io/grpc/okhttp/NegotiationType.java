package io.grpc.okhttp;

public enum NegotiationType {
    TLS,
    PLAINTEXT
}
