package org.example.javaclients;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.CipherSuite;
import okhttp3.ConnectionSpec;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.TlsVersion;

/** Clients whose settings of TLS differ from the library's. */
final class Settings {
    private Settings() {
    }

    static int calls() throws IOException {
        try {
            return old() + cleartext() + suites() + redirects() + answers() + anyName() + anyKey() + alone();
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static int code(OkHttpClient client) throws IOException {
        return client.newCall(new Request.Builder().url("https://settings.javaclients.test/").build()).execute().code();
    }

    private static int old() throws IOException {
        ConnectionSpec spec = new ConnectionSpec.Builder(ConnectionSpec.COMPATIBLE_TLS)
                .tlsVersions(TlsVersion.TLS_1_2, TlsVersion.TLS_1_0)
                .build();
        return code(new OkHttpClient.Builder().connectionSpecs(Collections.singletonList(spec)).build());
    }

    private static int cleartext() throws IOException {
        return code(new OkHttpClient.Builder()
                .connectionSpecs(Arrays.asList(ConnectionSpec.COMPATIBLE_TLS, ConnectionSpec.CLEARTEXT))
                .build());
    }

    private static int suites() throws IOException {
        ConnectionSpec spec = new ConnectionSpec.Builder(ConnectionSpec.MODERN_TLS)
                .cipherSuites(CipherSuite.TLS_RSA_WITH_RC4_128_SHA, CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
                .build();
        return code(new OkHttpClient.Builder().connectionSpecs(Arrays.asList(spec)).build());
    }

    private static int redirects() throws IOException {
        return code(new OkHttpClient.Builder().followSslRedirects(false).build());
    }

    private static int answers() throws IOException {
        return code(new OkHttpClient.Builder().followRedirects(false).build());
    }

    private static int anyName() throws IOException {
        return code(new OkHttpClient.Builder().hostnameVerifier(new AnyName()).build());
    }

    private static int anyKey() throws IOException, GeneralSecurityException {
        AnyKey manager = new AnyKey();
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {manager}, null);
        return code(new OkHttpClient.Builder().sslSocketFactory(context.getSocketFactory(), manager).build());
    }

    private static int alone() throws IOException, GeneralSecurityException {
        SSLSocketFactory factory = SSLContext.getInstance("TLS").getSocketFactory();
        return code(new OkHttpClient.Builder().sslSocketFactory(factory).build());
    }

    /** Accepts every name. */
    static final class AnyName implements HostnameVerifier {
        @Override
        public boolean verify(String host, SSLSession session) {
            return true;
        }
    }

    /** Accepts every certificate. */
    static final class AnyKey implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
