"""Pin-sets outside the network security configuration: which patterns they stand for, and what they amount to."""

import datetime as dt
from collections.abc import Iterable, Sequence

from analyzer.model import AnalysisGap, FactKind, Facts, PinFact, SdkFact
from analyzer.model.okhttp_patterns import NEWEST, PatternError, Version, pattern_error, refuses_pin, why_never
from analyzer.model.okhttp_patterns import matches as okhttp_matches
from analyzer.model.okhttp_versions import okhttp_versions
from analyzer.reporters.view_model import PinView, TrailStep, Value
from analyzer.reporters.view_pins import (
    PLACEHOLDERS_ONLY,
    backup_value,
    has_ended,
    host_pattern,
    is_stand_in,
    pin_view,
    until_value,
)
from analyzer.reporters.view_places import place_text
from analyzer.reporters.words import ACTIVATIONS, MECHANISMS, mechanism_in_text, owner_name, show

_OKHTTP = frozenset({"okhttp2", "okhttp3"})
_REFUSED = frozenset({"prefix", "encoding"})
"""Problems of a pin on which OkHttp throws."""
_NO_HOST = "host not known"
_PLACES_PER_PIN = 3
_PINNING: frozenset[FactKind] = frozenset({"pin", "callback"})


class CodePinSet:
    """The pins of one mechanism, one host pattern, one place in the app and one owner."""

    def __init__(self, pins: Sequence[PinFact], versions: Sequence[Version] = ()) -> None:
        """Take the pins of a set, of which there is at least one, and the known versions of OkHttp that read them."""
        self._pins = pins
        self._versions = versions or (NEWEST,)
        first = pins[0]
        self.host = first.host
        self.include_subdomains = first.include_subdomains
        self.kind = first.mechanism
        self.mechanism = MECHANISMS[first.mechanism]
        self.mechanism_in_text = mechanism_in_text(first.mechanism)
        self.is_text = first.mechanism == "string"
        self.owner = owner_name(first.owner)
        self.label = (
            _NO_HOST if self.is_text and self.host is None else host_pattern(self.host, self.include_subdomains)
        )
        self.expires_on = min((pin.expires_on for pin in pins if pin.expires_on is not None), default=None)

    def holds(self, as_of: dt.datetime) -> bool:
        """Tell whether connections are held to these pins: in use, not ended, and not placeholders alone."""
        return self.enforcement(as_of).state == "good"

    def enforcement(self, as_of: dt.datetime) -> Value:
        """Tell in words whether the pins are checked at `as_of`."""
        first = self._pins[0]
        if self.is_text:
            return Value(text="Not known: a text without a use", state="unknown")
        if has_ended(self.expires_on, as_of):
            return Value(text=f"Expired on {show(self.expires_on or '', 20)}", state="bad")
        if any(pin.enforced is False for pin in self._pins):
            return Value(text="Only reported, not enforced", state="bad")
        match first.activation:
            case "active":
                if self.kind in _OKHTTP and (useless := self._useless_in_okhttp()):
                    return Value(text=useless, state="bad")
                if all(is_stand_in(pin) for pin in self._pins):
                    return Value(text=PLACEHOLDERS_ONLY, state="bad")
                return Value(text="Enforced", state="good")
            case "created" | "defined_only":
                return Value(text="Defined, not attached", state="bad")
            case "unknown":
                return Value(text="Not shown to be used", state="unknown")

    def _useless_in_okhttp(self) -> str:
        """Say why OkHttp holds no connection to the pins although a client has them; empty when it may."""
        host = self.host
        if any(
            pin.problem in _REFUSED or all(refuses_pin(pin.value, version) for version in self._versions)
            for pin in self._pins
        ):
            return "Refused by OkHttp: building the pinner fails"
        if host is not None and any(pattern_error(host, version) is not None for version in self._versions):
            return "Refused by OkHttp: building the pinner fails"
        if host is not None and any(why_never(host, version) is not None for version in self._versions):
            return "Can match no host"
        return "No pin can match: connections fail" if all(pin.problem == "length" for pin in self._pins) else ""

    def backup(self) -> Value:
        """Tell whether a second key can take over."""
        digests = [pin.digest for pin in self._pins if pin.digest is not None]
        if len(digests) < len(self._pins):
            return Value(text="Not known", state="unknown")
        return backup_value(self._pins, digests)

    def until(self, as_of: dt.datetime) -> Value:
        """Return until when the pins are checked."""
        return until_value(self.expires_on, as_of, pinned=True)

    def pin_views(self) -> tuple[PinView, ...]:
        """Return the pins, each with what is known of its key."""
        return tuple(pin_view(pin.value, pin) for pin in self._pins)

    def trail(self) -> tuple[TrailStep, ...]:
        """Return where the pins come from."""
        return tuple(
            TrailStep(
                setting="Pin",
                value=show(pin.value, 200) or "value not known",
                origin=f"{self.mechanism}, {'only reported' if pin.enforced is False else ACTIVATIONS[pin.activation]}",
                place="; ".join(place_text(location) for location in pin.evidence[:_PLACES_PER_PIN]),
            )
            for pin in self._pins
        )

    def covers(self, host: str) -> bool:
        """Tell whether the pattern is for `host`, a name in lower case."""
        if self.host is None:
            return False
        if self._pins[0].mechanism in _OKHTTP:
            try:
                return any(okhttp_matches(self.host, host, version) for version in self._versions)
            except PatternError:
                return False
        name = self.host.lower()
        return host == name or (self.include_subdomains and host.endswith("." + name))


def code_pin_sets(pins: Iterable[PinFact], sdks: Sequence[SdkFact] = ()) -> tuple[CodePinSet, ...]:
    """Return the pin-sets that are not part of the network security configuration, in the order of the facts.

    `sdks` tell which versions of OkHttp read pins that are handed to it.
    """
    sets: dict[tuple[str, str | None, bool, str, str, str, bool | None], list[PinFact]] = {}
    for pin in pins:
        if pin.mechanism != "nsc":
            key = (
                pin.mechanism, pin.host, pin.include_subdomains, pin.scope, pin.owner, pin.activation, pin.enforced
            )  # fmt: skip
            sets.setdefault(key, []).append(pin)
    return tuple(CodePinSet(members, okhttp_versions(sdks, key[0])) for key, members in sets.items())


def unseen_code(facts: Facts, gaps: Iterable[AnalysisGap]) -> str:
    """Say why there may be pins in code that the facts lack; empty when there are none."""
    if not {"code", "pin"} <= set(facts.covered):
        return "code not analysed"
    # What the policy's own files hide is no pin in code; trust managers that were not read may well pin.
    hiding = [gap for gap in gaps if not _PINNING.isdisjoint(gap.hides) and gap.stage != "policy"]
    if not hiding:
        return "" if "callback" in facts.covered else "code not seen completely"
    unread = all(gap.reason == "not-analysed-yet" for gap in hiding) and any("code" in gap.hides for gap in hiding)
    return "code not analysed" if unread else "code not seen completely"
