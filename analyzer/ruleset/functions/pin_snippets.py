"""Snippets that show a pin-set of the app as it should be written.

Conditions call them by the name given to ``@judgement``. Hosts and values come from the app and are hostile: they
are written as text of the target language.
"""

import base64
import json
import re
from html import escape

from analyzer.model import PinFact
from analyzer.ruleset.functions.pins import pin_staleness
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PinSetView

_CURRENT = "(base64 of the SHA-256 of the host's present key)"
_MOST_HOSTS = 10
_BACKUP = "(base64 of the SHA-256 of a key kept offline)"


@judgement("corrected_pin_set")
def corrected_pin_set(context: Context, fact: PinSetView) -> str:
    """Write the set with its good pins in canonical form and a place for each that is missing.

    An entry of a network security configuration for its pins and TrustKit's, a `CertificatePinner` for OkHttp's;
    other mechanisms get the bare pins.
    """
    pins = [base64.b64encode(digest).decode("ascii") for digest in _good_digests(context, fact.pins)]
    if not pins:
        pins = [_CURRENT]
    if len(pins) < 2:
        pins.append(_BACKUP)
    if fact.mechanism in ("nsc", "trustkit"):
        return _policy_entry(fact, pins)
    if fact.mechanism in ("okhttp3", "okhttp2"):
        return _pinner(fact, pins)
    return "\n".join(f"sha256/{pin}" for pin in pins)


def _good_digests(context: Context, pins: tuple[PinFact, ...]) -> list[bytes]:
    good = [
        pin.digest
        for pin in pins
        if pin.digest is not None
        and pin.algorithm == "sha256"
        and pin.problem in (None, "spelling")
        and pin.hashed_object == "spki"
        and not pin_staleness(context, pin)
    ]
    return list(dict.fromkeys(good))


def _policy_entry(fact: PinSetView, pins: list[str]) -> str:
    """Write the pin-set alone, to put in place of the present one.

    A whole domain-config beside the present one would name its domain twice, which the platform refuses, and would
    lose the expiration and whatever else the present one states.
    """
    expires = next((pin.expires_on for pin in fact.pins if pin.expires_on is not None), None)
    expiration = f' expiration="{expires}"' if expires is not None else ""
    names = ", ".join(fact.hosts[:_MOST_HOSTS])
    if len(fact.hosts) > _MOST_HOSTS:
        names += f" and {len(fact.hosts) - _MOST_HOSTS} more"
    # Two hyphens in a row would end the comment early.
    names = re.sub("-(?=-)", "- ", escape(names, quote=False))
    lines = [f"<!-- in place of the present pin-set of {names} -->", f"<pin-set{expiration}>"]
    lines += [f'    <pin digest="SHA-256">{pin}</pin>' for pin in pins]
    return "\n".join([*lines, "</pin-set>"])


def _pinner(fact: PinSetView, pins: list[str]) -> str:
    # A JSON text is also a Kotlin and Java text, but for Kotlin's templates.
    host = json.dumps(fact.host or "").replace("$", "\\$")
    lines = [f'    .add({host}, "sha256/{pin}")' for pin in pins]
    return "\n".join(["CertificatePinner.Builder()", *lines, "    .build()"])
