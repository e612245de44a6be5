"""Pins: which key or certificate a host is held to, by which mechanism, and whether that mechanism runs."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.location import Location

Mechanism = Literal[
    "nsc", "okhttp3", "okhttp2", "trustkit", "custom-tm", "keystore-tm", "interceptor", "verifier-pin",
    "connection-pin", "cronet", "httpengine", "androidpinning", "fabric", "cwac", "conscrypt", "netty", "worklight",
    "titanium", "webview", "rn", "flutter", "cordova", "xamarin", "unity", "native", "string",
]  # fmt: skip
Activation = Literal["active", "created", "defined_only", "unknown"]
"""``active``: reaches a client that is used; ``created``: built, not attached; ``defined_only``: never built."""
Algorithm = Literal["sha256", "sha1", "md5"]
HashedObject = Literal["spki", "certificate", "key", "file"]
CheckedAgainst = Literal["validated", "presented", "leaf", "index", "unknown"]
Resolution = Literal["constant", "partial", "unresolved"]
PinProblem = Literal[
    "length", "encoding", "prefix", "placeholder", "example", "empty-input", "wrong-object", "spelling"
]

KeyStatus = Literal["active", "expired", "retired", "distrusted"]
"""``retired``: no longer used for issuing; ``distrusted``: by the major trust programmes."""


class PinIdentity(Record, frozen=True, kw_only=True):
    """A key that is publicly known."""

    name: str
    kind: Literal["root", "intermediate", "leaf", "example", "staging", "degenerate"]
    real: bool
    """True when the key belongs (also) to a real certificate, so that the pin may be meant."""
    detail: str
    """Where the value is known from, in a few words."""
    status: KeyStatus | None = None
    """State of a certification authority's key; None where there is nothing to say."""
    valid_until: str | None = None
    """``YYYY-MM-DD``: last day of the newest certificate known for the key."""


class PinFact(Record, frozen=True, kw_only=True):
    """One pin for one host pattern."""

    mechanism: Mechanism
    host: str | None
    """The host pattern, or None for every host of the client."""
    include_subdomains: bool
    algorithm: Algorithm
    digest: bytes | None
    """The decoded digest; None when the value could not be decoded or is not known."""
    hashed_object: HashedObject
    value: str
    """As written in the app."""
    problem: PinProblem | None = None
    problem_detail: str | None = None
    expires_on: str | None = None
    """``YYYY-MM-DD``; the pin is off from the start of that day."""
    checked_against: CheckedAgainst
    resolution: Resolution
    activation: Activation
    enforced: bool | None = None
    """False where a mismatch is only reported and the connection goes on; None where the mechanism has no such choice.

    What is only reported does not hold a connection to the pin, so such a pin is never ``active``."""
    owner: str = "first-party"
    """``first-party``, ``sdk:<name>`` or ``unknown``."""
    scope: str
    """Stable name of the pin-set it stands in: pins of one mechanism, host and scope form one set."""
    identity: PinIdentity | None = None
    clients: tuple[str, ...] = ()
    """Of a trust manager that code makes: what uses it, by the names of ``callback_sinks.yaml``."""
    process_wide: bool = False
    """True where that trust manager serves every connection that sets nothing of its own."""
    evidence: tuple[Location, ...] = ()
    """The trail, most specific first."""
