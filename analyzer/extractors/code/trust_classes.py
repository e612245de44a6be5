"""The classes of what a trust manager may do, and how a judgement of one body is written down."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from analyzer.dataflow.path_model import Condition, Path, Paths, Step
from analyzer.dataflow.values import Created, Value
from analyzer.dex import DexMethod
from analyzer.extractors.code.callback_wiring import Installation
from analyzer.extractors.code.trust_sources import Manager

_EXTENDED = ("socket", "engine")
Behaviour = Literal[
    "accept-all", "null-guard", "swallow", "validity-only", "name-compare", "flag-dependent", "self-signed",
    "pin-presented", "pin-leaf-key", "pin-presented-after-validation", "pin-validated", "delegate", "keystore",
    "always-throw", "unknown",
]  # fmt: skip
WEAK: Final = frozenset(
    {"accept-all", "null-guard", "swallow", "validity-only", "name-compare", "self-signed", "pin-presented"}
)
"""Behaviours under which a certificate is accepted that proves nothing about the server."""
PATHS_FIRST: Final[tuple[Behaviour, ...]] = (
    "accept-all", "null-guard", "swallow", "validity-only", "self-signed", "name-compare", "pin-presented", "unknown",
    "pin-presented-after-validation", "pin-validated", "pin-leaf-key", "delegate", "keystore",
)  # fmt: skip
"""What decides when the paths differ: the first of these that some path has."""
SEVEREST_FIRST: Final[tuple[Behaviour, ...]] = (*PATHS_FIRST[:7], "flag-dependent", *PATHS_FIRST[7:], "always-throw")
"""What decides when overloads differ that may all be called."""


class Labelled(msgspec.Struct, frozen=True):
    """A path on which the chain is accepted, and why."""

    path: Path
    label: Behaviour
    pins: tuple[Condition, ...] = ()
    """Comparisons with a key or certificate that hold."""
    managers: tuple[Manager, ...] = ()
    """Whose check the chain passed."""
    without_host: bool = False
    """The chain passed a check of the default manager that does not name the host."""
    why_unknown: str | None = None


class Judgement(msgspec.Struct, frozen=True):
    """What a body does."""

    behaviour: Behaviour
    deciding: tuple[Path, ...]
    """The paths that show it."""
    keep: frozenset[Condition | Step]
    """What on them is worth showing."""
    labelled: tuple[Labelled, ...] = ()
    flag: Value | None = None
    flag_holds: bool | None = None
    """Whether the flag is true on the paths that accept."""
    flag_weak: Behaviour | None = None
    """What is done on these paths."""
    managers: tuple[Manager, ...] = ()
    reason: str | None = None
    """Why it cannot be told."""


class JudgedBody(msgspec.Struct, frozen=True):
    """One overload of one class."""

    form: str
    method: DexMethod
    paths: Paths
    judgement: Judgement


class JudgedManager(msgspec.Struct, frozen=True):
    """A class, or one case of a merged class, with its bodies."""

    descriptor: str
    variant: int | None
    bodies: tuple[JudgedBody, ...]
    installation: Installation
    behaviour: Behaviour
    objects: tuple[Created, ...] = ()
    """Where its objects are created; empty when that is not known."""

    @property
    def chosen(self) -> tuple[JudgedBody, ...]:
        """The overloads that the platform calls."""
        return chosen_bodies(self.bodies)


def chosen_bodies(bodies: tuple[JudgedBody, ...]) -> tuple[JudgedBody, ...]:
    """Return the overloads that Conscrypt calls: with socket or engine, else with a host, else the plain one."""
    extended = tuple(one for one in bodies if one.form in _EXTENDED)
    with_host = tuple(one for one in bodies if one.form == "host")
    return extended or with_host or tuple(one for one in bodies if one.form != "renamed")


def worst(bodies: Iterable[JudgedBody]) -> Behaviour:
    """Return the behaviour that decides over several overloads that may be called."""
    found = {one.judgement.behaviour for one in bodies}
    return next((one for one in SEVEREST_FIRST if one in found), "unknown")
