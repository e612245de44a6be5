package com.tencent.smtt.export.external.interfaces;

public interface SslErrorHandler {
    void proceed();

    void cancel();
}
