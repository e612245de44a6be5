package org.example.javapins;

/** What a build tool writes for each build. */
public final class BuildConfig {
    public static final boolean DEBUG = Boolean.parseBoolean("false");
    public static final String FLAVOR = "store";
    public static final String PINNED_HOST = "buildconfig.javapins.example.com";
    public static final String PIN = "sha256/6Dl8RFz1aI/ZfN9xrI9N6m3h6Lk0MNdWhophNcVKIng=";
    public static final String[] BACKUP_PINS = {"sha256/xYTJ2kOoZl9tNBgGH5RoMssmoOFmTQqq+2jBBfnszGs="};

    private BuildConfig() {
    }
}
