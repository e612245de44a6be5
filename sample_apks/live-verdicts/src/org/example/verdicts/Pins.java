package org.example.verdicts;

/** Made by make_chains.py. */
final class Pins {
    /** SHA-256 of the certificate of cert.verdicts.example.com as a whole. */
    static final String CERTIFICATE = "a9e827056ce9d6c3f74ce9c2414e196b4ecf31b655ebe92331c2f7016a0bdfa1";

    private Pins() {
    }
}
