package com.sun.mail.util;

public class MailSSLSocketFactory {
    public void setTrustAllHosts(boolean trustAllHosts) {
    }
}
