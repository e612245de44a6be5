package org.example.tlsapikotlin

import io.grpc.Grpc
import io.grpc.InsecureChannelCredentials
import io.grpc.ManagedChannelBuilder
import io.grpc.TlsChannelCredentials
import io.grpc.okhttp.NegotiationType
import io.grpc.okhttp.OkHttpChannelBuilder
import java.util.Properties
import org.eclipse.paho.client.mqttv3.MqttClient
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration
import org.jivesoftware.smack.util.TLSUtils

/** RPC, mail, chat and message brokers: without TLS, with what is optional, and with TLS. */
internal fun messages() {
    PlainRpc.run()
    LocalRpc.run()
    NegotiatedRpc.run()
    InsecureRpc.run()
    InsecureRpcByAddress.run()
    SoundRpc.run()
    Mail.run()
    Chat.run()
    SoundChat.run()
    Broker.run()
    SoundBroker.run()
}

object PlainRpc {
    private val channel by lazy { ManagedChannelBuilder.forAddress("plainrpc.tlsapikotlin.example.com", 8080).usePlaintext().build() }

    fun run() = channel.toString()
}

object LocalRpc {
    fun run() = ManagedChannelBuilder.forAddress("10.0.2.2", 8080).apply { usePlaintext() }.build()
}

object UnusedRpc {
    fun run() = ManagedChannelBuilder.forAddress("unusedrpc.tlsapikotlin.example.com", 8080).usePlaintext().build()
}

object NegotiatedRpc {
    fun run() = OkHttpChannelBuilder.forAddress("negotiated.tlsapikotlin.example.com", 8080)
        .run { negotiationType(NegotiationType.PLAINTEXT) }
        .build()
}

object InsecureRpc {
    fun run() {
        val credentials = InsecureChannelCredentials.create()
        Grpc.newChannelBuilder("insecurerpc.tlsapikotlin.example.com:8080", credentials).build()
    }
}

object InsecureRpcByAddress {
    fun run(host: String = "byaddress.tlsapikotlin.example.com", port: Int = 8080) =
        Grpc.newChannelBuilderForAddress(host, port, InsecureChannelCredentials.create()).build()
}

object SoundRpc {
    fun run() {
        Grpc.newChannelBuilder("soundrpc.tlsapikotlin.example.com:443", TlsChannelCredentials.create()).build()
        ManagedChannelBuilder.forAddress("soundrpc.tlsapikotlin.example.com", 443).apply { useTransportSecurity() }.build()
        OkHttpChannelBuilder.forAddress("soundrpc.tlsapikotlin.example.com", 443)
            .negotiationType(NegotiationType.TLS)
            .build()
    }
}

object Mail {
    fun run(): List<Properties> {
        val sending = Properties().apply {
            putAll(mapOf("mail.smtp.starttls.enable" to "true", "mail.smtp.auth" to "true"))
            setProperty("mail.smtp.ssl.trust", "*")
        }
        val reading = Properties()
        reading["mail.imap.starttls.enable"] = "true"
        reading["mail.imap.starttls.required"] = "true"
        val fetching = Properties().also {
            it["mail.pop3.starttls.enable"] = "true"
            it.put("mail.pop3.starttls.required", "false")
        }
        return listOf(sending, reading, fetching)
    }
}

object Chat {
    fun run() {
        val builder = XMPPTCPConnectionConfiguration.builder().apply { setSecurityMode(SecurityMode.ifpossible) }
        TLSUtils.acceptAllCertificates(builder).build()
    }
}

object SoundChat {
    fun run(mode: SecurityMode = SecurityMode.required) =
        XMPPTCPConnectionConfiguration.builder().apply { setSecurityMode(mode) }.build()
}

object Broker {
    private const val HOST = "broker.tlsapikotlin.example.com"

    fun run() {
        MqttClient("tcp://$HOST:1883", "app").connect()
        connect("192.168.1.5")
    }

    private fun connect(host: String, port: Int = 1883) = MqttClient("tcp://$host:$port", "app").run { connect() }
}

object SoundBroker {
    fun run(server: String = "ssl://broker2.tlsapikotlin.example.com:8883") = MqttClient(server, "app").connect()
}
