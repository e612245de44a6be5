"""The catalogue of what uses TLS callbacks: ``callback_sinks.yaml`` in ``rules/catalogue``."""

from typing import Annotated, Literal

import msgspec

from analyzer.extractors.sdk_catalogue import Name

SINKS_FILE = "callback_sinks.yaml"
Takes = Literal["trust-manager", "socket-factory", "ssl-context", "verifier", "webview-client", "interceptor"]
Member = Annotated[str, msgspec.Meta(pattern=r"^L[^;]+;->[^(\s]+$")]
Folder = Annotated[str, msgspec.Meta(pattern=r"^[^./;]+(/[^./;]+)+$")]


class Sink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``sinks``; the file's head explains the fields."""

    client: Name
    takes: Takes
    methods: tuple[Member, ...] = ()
    fields: tuple[Member, ...] = ()
    receiver: bool = False
    process_wide: bool = False
    relocated: bool = False
    one_host: bool = False


class CallbackSinks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    sinks: tuple[Sink, ...] = ()
    repackaged: dict[Folder, tuple[Folder, ...]] = {}
    passing: tuple[Member, ...] = ()

    def names_of(self, member: str) -> tuple[tuple[str, str], ...]:
        """Return class descriptor and name of a member, and those of its repackaged copies."""
        owner, _, name = member.partition("->")
        found = [(owner, name)]
        for package, copies in self.repackaged.items():
            if owner.startswith(f"L{package}/"):
                found += [(f"L{copy}{owner[1 + len(package) :]}", name) for copy in copies]
        return tuple(found)
