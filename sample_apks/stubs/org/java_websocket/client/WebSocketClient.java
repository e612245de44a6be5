package org.java_websocket.client;

import java.net.URI;
import javax.net.ssl.SSLParameters;

public abstract class WebSocketClient {
    public WebSocketClient(URI serverUri) {
    }

    public void connect() {
    }

    protected void onSetSSLParameters(SSLParameters sslParameters) {
        sslParameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
}
