package org.example.tlskotlin;

/** What Android's build writes: constants, and values that javac must not take for constants. */
public final class BuildConfig {
    public static final boolean DEBUG = false;
    public static final boolean TEST_SERVERS = Boolean.parseBoolean("false");
    public static final boolean ANY_SERVER = Boolean.parseBoolean("true");

    private BuildConfig() {
    }
}
