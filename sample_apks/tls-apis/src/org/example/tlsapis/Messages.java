package org.example.tlsapis;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import io.grpc.okhttp.NegotiationType;
import io.grpc.okhttp.OkHttpChannelBuilder;
import java.util.Properties;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smack.util.TLSUtils;

/** RPC, mail, chat and message brokers: without TLS, with what is optional, and with TLS. */
final class Messages {
    private Messages() {
    }

    static void run() {
        PlainRpc.run();
        LocalRpc.run();
        NegotiatedRpc.run();
        InsecureRpc.run();
        InsecureRpcByAddress.run();
        SoundRpc.run();
        Mail.run(new Properties());
        Chat.run();
        SoundChat.run();
        Broker.run();
        SoundBroker.run();
    }
}

class PlainRpc {
    static void run() {
        ManagedChannelBuilder.forAddress("plainrpc.tlsapis.example.com", 8080).usePlaintext().build();
    }
}

class LocalRpc {
    static void run() {
        ManagedChannelBuilder.forAddress("10.0.2.2", 8080).usePlaintext().build();
    }
}

class NegotiatedRpc {
    static void run() {
        OkHttpChannelBuilder.forAddress("negotiated.tlsapis.example.com", 8080)
                .negotiationType(NegotiationType.PLAINTEXT)
                .build();
    }
}

class InsecureRpc {
    static void run() {
        Grpc.newChannelBuilder("insecurerpc.tlsapis.example.com:8080", InsecureChannelCredentials.create()).build();
    }
}

class InsecureRpcByAddress {
    static void run() {
        Grpc.newChannelBuilderForAddress("byaddress.tlsapis.example.com", 8080, InsecureChannelCredentials.create())
                .build();
    }
}

class SoundRpc {
    static void run() {
        Grpc.newChannelBuilder("soundrpc.tlsapis.example.com:443", TlsChannelCredentials.create()).build();
        ManagedChannelBuilder.forAddress("soundrpc.tlsapis.example.com", 443).useTransportSecurity().build();
        OkHttpChannelBuilder.forAddress("soundrpc.tlsapis.example.com", 443)
                .negotiationType(NegotiationType.TLS)
                .build();
    }
}

class Mail {
    static void run(Properties properties) {
        properties.put("mail.smtp.starttls.enable", "true");
        properties.put("mail.imap.starttls.enable", "true");
        properties.put("mail.imap.starttls.required", "true");
        properties.setProperty("mail.pop3.starttls.enable", "true");
        properties.setProperty("mail.pop3.starttls.required", "false");
        properties.setProperty("mail.smtp.ssl.trust", "*");
        properties.setProperty("mail.imap.ssl.trust", "imap.tlsapis.example.com");
    }
}

class Chat {
    static void run() {
        XMPPTCPConnectionConfiguration.Builder builder = XMPPTCPConnectionConfiguration.builder();
        builder.setSecurityMode(SecurityMode.ifpossible);
        TLSUtils.acceptAllCertificates(builder).build();
    }
}

class SoundChat {
    static void run() {
        XMPPTCPConnectionConfiguration.builder().setSecurityMode(SecurityMode.required).build();
    }
}

class Broker {
    static void run() {
        new MqttClient("tcp://broker.tlsapis.example.com:1883", "app").connect();
        new MqttClient("tcp://192.168.1.5:1883", "app").connect();
    }
}

class SoundBroker {
    static void run() {
        new MqttClient("ssl://broker2.tlsapis.example.com:8883", "app").connect();
    }
}
