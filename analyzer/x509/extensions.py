"""Extensions of certificates, read by the library."""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from analyzer.x509.certificate import IpNetwork, NameConstraints
from analyzer.x509.keys import quietly

_MAX_NAMES = 2_000
"""Most names of one certificate that are kept."""
_NOT_READ = (
    ValueError, TypeError, KeyError, OverflowError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)  # fmt: skip
"""What the library raises for extensions that it does not know or that are malformed."""


class ExtensionsError(ValueError):
    """The library cannot read them; the message is the kind of its error."""


@lru_cache(maxsize=2_048)
def loaded(der: bytes) -> x509.Certificate | None:
    """Load a certificate in the library; None when it refuses to."""
    try:
        return quietly(lambda: x509.load_der_x509_certificate(der))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None


def read_extensions(certificate: x509.Certificate) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return fields of `Certificate` by name, and the object identifiers of critical extensions nobody handles.

    Raises:
        ExtensionsError: One of them is unknown to the library, or malformed: then it gives none.
    """
    try:
        extensions = quietly(lambda: certificate.extensions)
    except _NOT_READ as error:
        raise ExtensionsError(type(error).__name__) from error
    found: dict[str, object] = {}
    unknown: list[str] = []
    for extension in extensions:
        reader = _READERS.get(extension.oid.dotted_string)
        if reader is not None:
            found.update(reader(extension.value))
        elif extension.critical and extension.oid not in _HANDLED:
            unknown.append(extension.oid.dotted_string)
    return found, tuple(unknown)


def _basic_constraints(value: x509.ExtensionType) -> dict[str, object]:
    assert isinstance(value, x509.BasicConstraints)
    return {"is_ca": value.ca, "path_length": value.path_length}


def _key_usage(value: x509.ExtensionType) -> dict[str, object]:
    assert isinstance(value, x509.KeyUsage)
    return {"may_sign_certificates": value.key_cert_sign}


def _extended_key_usage(value: x509.ExtensionType) -> dict[str, object]:
    assert isinstance(value, x509.ExtendedKeyUsage)
    return {"extended_key_usage": tuple(usage.dotted_string for usage in value)}


def _alternative_names(value: x509.ExtensionType) -> dict[str, object]:
    assert isinstance(value, x509.SubjectAlternativeName)
    return {
        "dns_names": tuple(value.get_values_for_type(x509.DNSName)[:_MAX_NAMES]),
        "ip_addresses": tuple(str(address) for address in value.get_values_for_type(x509.IPAddress)[:_MAX_NAMES]),
    }


def _name_constraints(value: x509.ExtensionType) -> dict[str, object]:
    assert isinstance(value, x509.NameConstraints)
    permitted, excluded = list(value.permitted_subtrees or ()), list(value.excluded_subtrees or ())
    handled = (x509.DNSName, x509.IPAddress)
    return {
        "name_constraints": NameConstraints(
            permitted_dns=tuple(name.value for name in permitted if isinstance(name, x509.DNSName)),
            excluded_dns=tuple(name.value for name in excluded if isinstance(name, x509.DNSName)),
            permitted_networks=tuple(_networks(permitted)),
            excluded_networks=tuple(_networks(excluded)),
            other_kinds=sum(not isinstance(name, handled) for name in (*permitted, *excluded)),
        )
    }


def _networks(names: list[x509.GeneralName]) -> list[IpNetwork]:
    values = (name.value for name in names if isinstance(name, x509.IPAddress))
    return [value for value in values if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network)]


_READERS: dict[str, Callable[[x509.ExtensionType], dict[str, object]]] = {
    ExtensionOID.BASIC_CONSTRAINTS.dotted_string: _basic_constraints,
    ExtensionOID.KEY_USAGE.dotted_string: _key_usage,
    ExtensionOID.EXTENDED_KEY_USAGE.dotted_string: _extended_key_usage,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string: _alternative_names,
    ExtensionOID.NAME_CONSTRAINTS.dotted_string: _name_constraints,
}
_HANDLED = frozenset(
    {
        ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.POLICY_MAPPINGS, ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY, ExtensionOID.CRL_DISTRIBUTION_POINTS, ExtensionOID.FRESHEST_CRL,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME, ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }
)  # fmt: skip
"""Extensions that PKIX validators process and that do not change which path is built here."""
