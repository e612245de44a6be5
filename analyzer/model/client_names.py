"""What reports call the clients that contact hosts."""

from collections.abc import Iterable, Mapping

CLIENTS: Mapping[str, str] = {
    "apache-httpclient": "Apache HttpClient",
    "apollo": "Apollo",
    "cronet": "Cronet",
    "download-manager": "DownloadManager",
    "exoplayer": "ExoPlayer",
    "fast-android-networking": "Fast Android Networking",
    "glide": "Glide",
    "grpc": "gRPC",
    "httpengine": "HttpEngine",
    "java-websocket": "Java-WebSocket",
    "ktor": "Ktor",
    "loopj-async-http": "AsyncHttpClient",
    "media-player": "MediaPlayer",
    "mqtt": "MQTT",
    "nv-websocket": "nv-websocket-client",
    "okhttp": "OkHttp",
    "okhttp-plain": "an unpinned OkHttp client",
    "picasso": "Picasso",
    "retrofit": "Retrofit",
    "socket": "a socket",
    "socket-io": "Socket.IO",
    "url-connection": "URLConnection",
    "volley": "Volley",
    "webview": "WebView",
}
"""By the names of ``host_calls`` in ``apis.yaml``, as ``HostFact.client`` and ``cleartext_clients`` give them."""


def named(clients: Iterable[str]) -> tuple[str, ...]:
    """Return what reports call some clients, sorted; a name that is not known stays what it is."""
    return tuple(sorted({CLIENTS.get(client, client) for client in clients}, key=str.casefold))
