"""What findings and reports call the uses of certificates by code; both speak of them, and neither sees the other."""

from collections.abc import Mapping

from analyzer.model.certificates import UseKind

USES_IN_CODE: Mapping[UseKind, str] = {
    "key-store": "loaded as a key store in {place}",
    "certificate-factory": "read in {place}",
    "trust-manager": "trusted by a trust manager that {place} makes",
    "key-manager": "the app's own identity in {place}",
    "pin": "hashed in {place}",
    "comparison": "compared with a server's certificate in {place}",
}
"""With the class and method where code does so as ``place``."""
