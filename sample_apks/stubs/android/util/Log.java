package android.util;

public final class Log {
    private Log() {
    }

    public static int d(String tag, String message) {
        return 0;
    }

    public static int d(String tag, String message, Throwable cause) {
        return 0;
    }

    public static int i(String tag, String message) {
        return 0;
    }

    public static int w(String tag, String message, Throwable cause) {
        return 0;
    }
}
