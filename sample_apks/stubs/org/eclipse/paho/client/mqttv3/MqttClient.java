package org.eclipse.paho.client.mqttv3;

public class MqttClient {
    public MqttClient(String serverURI, String clientId) {
    }

    public void connect() {
    }
}
