"""What makes a path invalid: the checks of conscrypt's chain strength analyser and of a PKIX validator (RFC 5280)."""

import datetime as dt
import ipaddress
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from analyzer.x509.certificate import Certificate, NameConstraints
from analyzer.x509.keys import MAX_KEY_BITS

PathProblem = Literal[
    "no-trust-anchor", "expired", "not-yet-valid", "weak-signature", "weak-key", "not-a-ca", "path-length",
    "bad-signature", "wrong-usage", "name-constraints", "unsupported-key", "unreadable", "too-long", "budget",
]  # fmt: skip
"""Why there is no valid path.

``wrong-usage``: the leaf's extended key usage does not include servers. ``unsupported-key``: a signature could not be
computed, because the kind of key is not known or the key is too large. ``unreadable``: a certificate has critical
extensions that cannot be read.
"""
_WEAK_DIGESTS = frozenset({"md2", "md4", "md5", "sha1"})
_LEAST_BITS = {"RSA": 1024, "RSA-PSS": 1024, "DSA": 1024, "EC": 160}
_SERVER_USAGES = frozenset({"1.3.6.1.5.5.7.3.1", "2.5.29.37.0", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"})
"""serverAuth, any, and the two server-gated usages that conscrypt accepts as well."""
_MOST_NAME_CHECKS = 20_000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A reason against a path."""

    problem: PathProblem
    detail: str
    index: int | None
    """Position in the path, the leaf being 0; None for the path as a whole."""


def fault_of_certificate(certificate: Certificate, at: dt.datetime) -> Fault | None:
    """Judge one untrusted certificate by itself: its dates, its key and how it is signed."""
    if at > certificate.not_after:
        return _fault("expired", f"{_name(certificate)} expired on {certificate.not_after:%Y-%m-%d}")
    if at < certificate.not_before:
        return _fault("not-yet-valid", f"{_name(certificate)} is valid from {certificate.not_before:%Y-%m-%d}")
    if certificate.signature_digest in _WEAK_DIGESTS:
        return _fault("weak-signature", f"{_name(certificate)} is signed with {certificate.signature_algorithm}")
    bits, least = certificate.key.bits, _LEAST_BITS.get(certificate.key.kind)
    if bits is not None and least is not None and bits < least:
        return _fault("weak-key", f"{_name(certificate)} has a key of {bits} bits")
    if bits is not None and bits > MAX_KEY_BITS:
        return _fault("unsupported-key", f"{_name(certificate)} has a key of {bits} bits, which is not computed with")
    return None


def fault_of_path(
    untrusted: Sequence[Certificate],
    anchor: Certificate,
    at: dt.datetime,
    is_signed: Callable[[Certificate, Certificate], bool | None],
) -> Fault | None:
    """Judge a path from its leaf to the first anchor; the anchor's own dates and extensions do not count.

    A leaf that is an anchor itself leaves no untrusted part, and conscrypt then runs no validator at all: not even
    the leaf's dates are looked at.
    """
    for index, certificate in enumerate(untrusted):
        fault = fault_of_certificate(certificate, at)
        if fault is not None:
            return msgspec.structs.replace(fault, index=index)
    for index, certificate in enumerate(untrusted):
        issuer = untrusted[index + 1] if index + 1 < len(untrusted) else anchor
        signed = is_signed(certificate, issuer)
        if signed is None:
            detail = f"the signature of {_name(certificate)} could not be computed"
            return Fault(problem="unsupported-key", detail=detail, index=index)
        if not signed:
            detail = f"{_name(issuer)} did not sign {_name(certificate)}"
            return Fault(problem="bad-signature", detail=detail, index=index)
    return _fault_of_extensions(untrusted) if untrusted else None


def _fault_of_extensions(untrusted: Sequence[Certificate]) -> Fault | None:
    for index, certificate in enumerate(untrusted):
        if certificate.problem is not None or certificate.unknown_critical:
            detail = f"{_name(certificate)} has extensions that cannot be read"
            return Fault(problem="unreadable", detail=detail, index=index)
    below = 0  # certificates between this one and the leaf that are not self-issued
    for index, certificate in enumerate(untrusted[1:], start=1):
        if not certificate.is_ca:
            detail = f"{_name(certificate)} is not a certification authority"
            return Fault(problem="not-a-ca", detail=detail, index=index)
        if certificate.may_sign_certificates is False:
            detail = f"the key of {_name(certificate)} may not sign certificates"
            return Fault(problem="not-a-ca", detail=detail, index=index)
        if certificate.path_length is not None and below > certificate.path_length:
            detail = f"{_name(certificate)} allows {certificate.path_length} authorities below it, there are {below}"
            return Fault(problem="path-length", detail=detail, index=index)
        below += not certificate.self_issued
    usage = untrusted[0].extended_key_usage
    if usage is not None and not _SERVER_USAGES.intersection(usage):
        return Fault(problem="wrong-usage", detail=f"{_name(untrusted[0])} is not meant for servers", index=0)
    return _fault_of_names(untrusted)


def _fault_of_names(untrusted: Sequence[Certificate]) -> Fault | None:
    """Apply the name constraints of each authority to the leaf and the authorities below it (RFC 5280 4.2.1.10)."""
    checks = 0
    for index, authority in enumerate(untrusted[1:], start=1):
        constraints = authority.name_constraints
        if constraints is None:
            continue
        for position, certificate in enumerate(untrusted[:index]):
            if certificate.self_issued and position:
                continue
            checks += len(certificate.dns_names) * (len(constraints.permitted_dns) + len(constraints.excluded_dns) + 1)
            checks += len(certificate.ip_addresses) * (
                len(constraints.permitted_networks) + len(constraints.excluded_networks) + 1
            )
            if checks > _MOST_NAME_CHECKS:
                return Fault(problem="budget", detail="more name constraints than are checked", index=index)
            refused = _refused_name(certificate, constraints)
            if refused is not None:
                detail = f"{_name(authority)} may not issue for {refused}"
                return Fault(problem="name-constraints", detail=detail, index=index)
    return None


def _refused_name(certificate: Certificate, constraints: NameConstraints) -> str | None:
    for name in certificate.dns_names:
        if any(_is_within(name, top) for top in constraints.excluded_dns):
            return name
        if constraints.permitted_dns and not any(_is_within(name, top) for top in constraints.permitted_dns):
            return name
    for text in certificate.ip_addresses:
        address = ipaddress.ip_address(text)
        if any(address in network for network in constraints.excluded_networks):
            return text
        permitted = constraints.permitted_networks
        if permitted and not any(address in network for network in permitted):
            return text
    return None


def _is_within(name: str, constraint: str) -> bool:
    name, top = name.lower().removesuffix("."), constraint.lower().removesuffix(".").removeprefix(".")
    return not top or name == top or name.endswith("." + top)


def _fault(problem: PathProblem, detail: str) -> Fault:
    return Fault(problem=problem, detail=detail, index=None)


def _name(certificate: Certificate) -> str:
    return certificate.subject.common_name or certificate.subject.text or "a certificate without a name"
