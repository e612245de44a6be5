package org.example.keystore;

/** The number that aapt2 gives. */
final class R {
    static final class raw {
        static final int private_root = 0x7f010000;

        private raw() {
        }
    }

    private R() {
    }
}
