package com.tencent.smtt.export.external.interfaces;

public interface SslError {
    int getPrimaryError();

    String getUrl();
}
