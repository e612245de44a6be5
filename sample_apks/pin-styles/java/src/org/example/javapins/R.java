package org.example.javapins;

/** The resources' numbers, as in {@code res/values/pins.xml}. */
public final class R {
    private R() {
    }

    /** Texts. */
    public static final class string {
        public static final int pinned_host = 0x7f010000;
        public static final int pinned_domain = 0x7f010001;
        public static final int pin = 0x7f010002;

        private string() {
        }
    }

    /** Lists of texts. */
    public static final class array {
        public static final int pins = 0x7f020000;

        private array() {
        }
    }
}
