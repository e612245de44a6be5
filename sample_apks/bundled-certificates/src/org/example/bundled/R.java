package org.example.bundled;

/** The numbers that aapt2 gives: types and names in alphabetical order. */
final class R {
    static final class raw {
        static final int truststore = 0x7f010005;

        private raw() {
        }
    }

    private R() {
    }
}
