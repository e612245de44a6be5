package org.example.tlsapis;

import com.github.kevinsawicki.http.HttpRequest;
import com.loopj.android.http.AsyncHttpClient;
import com.loopj.android.http.MySSLSocketFactory;
import com.sun.mail.util.MailSSLSocketFactory;
import com.zhy.http.okhttp.https.HttpsUtils;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.URL;
import java.security.GeneralSecurityException;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.apache.commons.net.util.TrustManagerUtils;
import org.apache.http.conn.ssl.AllowAllHostnameVerifier;
import org.apache.http.conn.ssl.NoopHostnameVerifier;
import org.apache.http.conn.ssl.SSLSocketFactory;
import org.apache.http.conn.ssl.StrictHostnameVerifier;
import org.apache.http.conn.ssl.TrustAllStrategy;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.ssl.SSLContextBuilder;

/** What libraries have ready for whoever wants no checks, and their sound siblings. */
final class Helpers {
    private Helpers() {
    }

    static void run() throws IOException, GeneralSecurityException {
        Netty.run();
        LoopjClient.run();
        LoopjFactory.run();
        SoundLoopj.run();
        ApacheStrategy.run();
        Grpc.run();
        SoundGrpc.run();
        JavaMail.run();
        SoundJavaMail.run();
        CommonsNet.run();
        SoundCommonsNet.run();
        OkHttpUtils.run();
        Kevin.run();
        ApacheConstant.run();
        ApacheObject.run();
        ApacheNoop.run();
        MseberaConstant.run();
        SoundApache.run();
    }

    static void trust(TrustManager... managers) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers, null);
        HttpsURLConnection connection =
                (HttpsURLConnection) new URL("https://helper.tlsapis.example.com/").openConnection();
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.connect();
    }
}

class Netty {
    static void run() throws IOException, GeneralSecurityException {
        Helpers.trust(InsecureTrustManagerFactory.INSTANCE.getTrustManagers());
    }
}

class UnusedNetty {
    static void run() throws IOException, GeneralSecurityException {
        Helpers.trust(InsecureTrustManagerFactory.INSTANCE.getTrustManagers());
    }
}

class LoopjClient {
    static void run() {
        new AsyncHttpClient(true, 80, 443).get("https://loopj.tlsapis.example.com/");
    }
}

class LoopjFactory {
    static void run() {
        AsyncHttpClient client = new AsyncHttpClient();
        client.setSSLSocketFactory(MySSLSocketFactory.getFixedSocketFactory());
        client.get("https://loopj.tlsapis.example.com/");
    }
}

class SoundLoopj {
    static void run() {
        new AsyncHttpClient(false, 80, 443).get("https://loopj.tlsapis.example.com/");
        new AsyncHttpClient().get("https://loopj.tlsapis.example.com/");
    }
}

class ApacheStrategy {
    static void run() {
        SSLContext context = SSLContextBuilder.create().loadTrustMaterial(null, new TrustAllStrategy()).build();
        HttpClientBuilder.create().setSSLContext(context).build();
    }
}

class Grpc {
    static void run() {
        AdvancedTlsX509TrustManager.newBuilder().setVerification(Verification.INSECURELY_SKIP_ALL_VERIFICATION).build();
    }
}

class SoundGrpc {
    static void run() {
        AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
                .build();
    }
}

class JavaMail {
    static void run() {
        new MailSSLSocketFactory().setTrustAllHosts(true);
    }
}

class SoundJavaMail {
    static void run() {
        new MailSSLSocketFactory().setTrustAllHosts(false);
    }
}

class CommonsNet {
    static void run() throws IOException, GeneralSecurityException {
        Helpers.trust(TrustManagerUtils.getAcceptAllTrustManager());
    }
}

class SoundCommonsNet {
    static void run() throws IOException, GeneralSecurityException {
        Helpers.trust(TrustManagerUtils.getValidateServerCertificateTrustManager());
    }
}

class OkHttpUtils {
    static void run() throws IOException, GeneralSecurityException {
        Helpers.trust(new HttpsUtils.UnSafeTrustManager());
    }
}

class Kevin {
    static void run() {
        HttpRequest.get("https://kevin.tlsapis.example.com/").trustAllCerts().trustAllHosts().code();
    }
}

class ApacheConstant {
    static void run() {
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(SSLSocketFactory.ALLOW_ALL_HOSTNAME_VERIFIER);
    }
}

class ApacheObject {
    static void run() {
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(new AllowAllHostnameVerifier());
    }
}

class ApacheNoop {
    static void run() {
        HttpClientBuilder.create().setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE).build();
    }
}

class MseberaConstant {
    static void run() {
        cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory.getSocketFactory()
                .setHostnameVerifier(
                        cz.msebera.android.httpclient.conn.ssl.SSLSocketFactory.ALLOW_ALL_HOSTNAME_VERIFIER);
    }
}

class SoundApache {
    static void run() {
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(SSLSocketFactory.STRICT_HOSTNAME_VERIFIER);
        SSLSocketFactory.getSocketFactory().setHostnameVerifier(new StrictHostnameVerifier());
    }
}
