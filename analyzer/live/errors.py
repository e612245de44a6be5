"""Why a host's chain could not be read: a stable kind, and words of our own."""

from typing import Literal

ProbeErrorKind = Literal[
    "dns", "dns-timeout", "blocked-address", "blocked-name", "refused", "unreachable", "connect-timeout", "timeout",
    "reset", "closed", "tls", "too-much", "no-certificate", "proxy-refused", "proxy-bad", "proxy-timeout", "budget",
    "not-recorded", "bad-recording", "no-concrete-host", "too-many", "not-allowed",
]  # fmt: skip


class ProbeError(Exception):
    """No chain: `kind` is stable, `text` is ours; the peer's words are never passed on."""

    def __init__(self, kind: ProbeErrorKind, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.text = text
