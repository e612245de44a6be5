package android.net;

public final class SSLSessionCache {
}
