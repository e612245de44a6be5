package org.example.bundled;

/** Certificates and keys as constants. */
final class Certificates {
    /** An authority in DER. */
    static final byte[] ARRAY = {
        48, -126, 1, -91, 48, -126, 1, 75, -96, 3, 2, 1, 2, 2, 20, 122, 52, 88, -81, -46, -16, 33, -2, 126,
        -63, 46, 79, 10, -3, -103, 46, 81, 108, -22, 66, 48, 10, 6, 8, 42, -122, 72, -50, 61, 4, 3, 2, 48,
        72, 49, 29, 48, 27, 6, 3, 85, 4, 10, 12, 20, 80, 105, 110, 115, 99, 111, 112, 101, 32, 115, 97, 109,
        112, 108, 101, 32, 97, 112, 112, 115, 49, 39, 48, 37, 6, 3, 85, 4, 3, 12, 30, 83, 97, 109, 112, 108,
        101, 32, 67, 65, 32, 105, 110, 32, 97, 110, 32, 97, 114, 114, 97, 121, 32, 111, 102, 32, 98, 121,
        116, 101, 115, 48, 30, 23, 13, 50, 48, 48, 49, 48, 49, 48, 48, 48, 48, 48, 48, 90, 23, 13, 52, 53,
        48, 49, 48, 49, 48, 48, 48, 48, 48, 48, 90, 48, 72, 49, 29, 48, 27, 6, 3, 85, 4, 10, 12, 20, 80,
        105, 110, 115, 99, 111, 112, 101, 32, 115, 97, 109, 112, 108, 101, 32, 97, 112, 112, 115, 49, 39,
        48, 37, 6, 3, 85, 4, 3, 12, 30, 83, 97, 109, 112, 108, 101, 32, 67, 65, 32, 105, 110, 32, 97, 110,
        32, 97, 114, 114, 97, 121, 32, 111, 102, 32, 98, 121, 116, 101, 115, 48, 89, 48, 19, 6, 7, 42, -122,
        72, -50, 61, 2, 1, 6, 8, 42, -122, 72, -50, 61, 3, 1, 7, 3, 66, 0, 4, -116, -43, 20, -85, -107, 74,
        -30, 22, 68, -63, -65, -82, -20, -51, -71, 22, -110, 35, -39, -100, 51, 53, 45, 74, 30, 104, -124,
        -82, -36, -86, 30, 65, 19, 84, -77, -74, -1, 23, 100, 2, -51, -34, 16, -68, 54, -114, 125, -114, 65,
        -37, -83, 27, -13, 9, 79, 102, -22, 20, 107, -66, 9, 78, 43, -46, -93, 19, 48, 17, 48, 15, 6, 3, 85,
        29, 19, 1, 1, -1, 4, 5, 48, 3, 1, 1, -1, 48, 10, 6, 8, 42, -122, 72, -50, 61, 4, 3, 2, 3, 72, 0, 48,
        69, 2, 32, 118, -53, 61, 113, 87, 6, -52, 0, -80, -70, 87, -103, -78, 21, 17, -35, -87, 114, -44,
        109, -32, 32, 117, -77, 6, 65, 16, 118, 122, -59, -40, 56, 2, 33, 0, -62, 115, -30, -13, -6, 108,
        -45, 95, -113, 107, -53, 63, 65, -59, 55, 42, -55, -67, -51, 102, -32, 83, -122, -113, 48, 11, -99,
        -42, -108, 50, -85, -83
    };

    /** Another one in PEM. */
    static final String TEXT =
        "-----BEGIN CERTIFICATE-----\n" +
        "MIIBjzCCATWgAwIBAgIUOKP5c8YuJ0TMUjQr1nszCFIyHYowCgYIKoZIzj0EAwIw\n" +
        "PTEdMBsGA1UECgwUUGluc2NvcGUgc2FtcGxlIGFwcHMxHDAaBgNVBAMME1NhbXBs\n" +
        "ZSBDQSBpbiBhIHRleHQwHhcNMjAwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjA9\n" +
        "MR0wGwYDVQQKDBRQaW5zY29wZSBzYW1wbGUgYXBwczEcMBoGA1UEAwwTU2FtcGxl\n" +
        "IENBIGluIGEgdGV4dDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABA8oOJjnCi/y\n" +
        "qy+/MCsEFiC/a7XJeldAc5f837+gdyZsccjpVOXDmGOQu/PqdK5mbEOKv1YRg5Pe\n" +
        "efswwq6qCsWjEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIh\n" +
        "AKD7bEc68+aynQbWwcTv8nHhCfksHzYXBw/cV6q2jbqWAiBrYtYwzKfatNCqUPD0\n" +
        "wSr/nkZPIZtf/f9si32Qmkn1Dw==\n" +
        "-----END CERTIFICATE-----\n";

    /** A public key that signs purchases and has nothing to do with TLS. */
    static final String PUBLIC_KEY =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkof5/Zgcmaa9tW7YDdLKRUH/Sgyv"
            + "9aT+CN7714Yhs210LfC+SN94QzONf64gGmwyVhk9kerdzGJKPkoqjhvuxA==";

    private Certificates() {
    }
}
