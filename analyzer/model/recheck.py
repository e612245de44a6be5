"""How long the releases of an app that are in the field go on connecting."""

from typing import Literal

from analyzer.model.base import Record


class Outlook(Record, frozen=True, kw_only=True):
    """One release and one host."""

    package: str
    version: str
    host: str
    """The host, or the pattern when the app names no host that it covers."""
    port: int = 443
    status: Literal["works", "breaks", "unknown"]
    """``breaks``: now. A release that breaks later works until then."""
    breaks_on: str | None = None
    """``YYYY-MM-DD``: first day on which the app does not connect unless the server keeps a pinned key; None where
    nothing says that it ever stops."""
    days_left: int | None = None
    reason: str | None = None
    """Why it is unknown, as a stable word."""
    detail: str | None = None
