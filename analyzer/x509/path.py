"""The path from a leaf to an anchor that an Android device would build, in conscrypt's order and within a budget.

The order is that of ``TrustManagerImpl.checkTrustedRecursive``: anchors are tried before certificates that the server
sent, a leaf that is an anchor itself is trusted as it is, and a self-issued certificate ends the path. The library's
own verifier is not used: it stops at the first anchor, so that pins of the root above it go unseen, and it refuses
anchors that Android accepts.

Time is an argument. Host names are checked apart from the path, see `analyzer.x509.hosts`.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from analyzer.x509.certificate import Certificate
from analyzer.x509.path_checks import Fault, PathProblem, fault_of_certificate, fault_of_path
from analyzer.x509.signatures import signed_by
from analyzer.x509.trust_store import TrustStore

MAX_SENT = 64
"""Certificates beyond this many are not looked at."""
MAX_UNTRUSTED = 20
"""Longest part of a path that is not made of anchors."""
MAX_STEPS = 2_048
MAX_SIGNATURES = 256
_TERSE = "no certificate in the trust store has signed the path's last certificate"

Role = Literal["leaf", "intermediate", "anchor"]
Origin = Literal["sent", "store"]


class PathElement(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate of a path."""

    certificate: Certificate
    role: Role
    """A leaf that is an anchor itself is a ``leaf``; every other certificate of the store is an ``anchor``."""
    origin: Origin
    """Whether the server sent it or it comes from the store alone."""


class PathResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a device with this trust store would make of a chain."""

    store: str
    path: tuple[PathElement, ...]
    """From the leaf to the last anchor. With a problem: the attempt that came closest, perhaps without an anchor."""
    problem: PathProblem | None
    """None when the path is valid."""
    detail: str = ""
    """One sentence about the problem."""
    fault_index: int | None = None
    """Which element of `path` is at fault."""
    steps: int = 0
    signatures: int = 0
    """How many signatures were computed."""

    @property
    def valid(self) -> bool:
        """Tell whether there is no problem."""
        return self.problem is None

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Return the certificates of `path`."""
        return tuple(element.certificate for element in self.path)


class _OverBudgetError(Exception):
    """Steps or signatures are spent."""


class _Frame:
    """A certificate at the end of the path so far, and what may come above it."""

    def __init__(self, candidates: Iterator[tuple[Certificate, bool]]) -> None:
        self.candidates = candidates
        self.extended = False


def build_path(sent: Sequence[Certificate], store: TrustStore, at: dt.datetime) -> PathResult:
    """Build the path of the first certificate in `sent`, with the others as helpers, to an anchor of `store`.

    Args:
        sent: What the server sent, the leaf first, in its order.
        store: The anchors.
        at: The instant (aware) at which the untrusted part must be valid.
    """
    if not sent:
        return PathResult(store=store.name, path=(), problem="no-trust-anchor", detail="the server sent no certificate")
    return _Builder(sent[:MAX_SENT], store, at).build()


class _Builder:
    def __init__(self, sent: Sequence[Certificate], store: TrustStore, at: dt.datetime) -> None:
        self._sent = sent
        self._store = store
        self._at = at
        self._steps = 0
        self._signatures = 0
        self._verified: dict[tuple[bytes, bytes], bool | None] = {}
        self._untrusted: list[Certificate] = []
        self._trusted: list[Certificate] = []
        self._failure: tuple[int, Fault, tuple[PathElement, ...]] | None = None

    def build(self) -> PathResult:
        """Search depth first, as conscrypt does, with a stack of our own instead of recursion."""
        try:
            found = self._search()
        except _OverBudgetError:
            fault = Fault(problem="budget", detail="more possible paths than are tried", index=None)
            return self._result(self._elements(), fault)
        if found is not None:
            return self._result(found, None)
        if self._failure is None:
            return self._result((), Fault(problem="no-trust-anchor", detail=_TERSE, index=None))
        _, fault, elements = self._failure
        return self._result(elements, fault)

    def _search(self) -> tuple[PathElement, ...] | None:
        leaf = self._sent[0]
        anchor = self._store.anchor_like(leaf)
        (self._untrusted if anchor is None else self._trusted).append(leaf if anchor is None else anchor)
        used = {leaf} | ({anchor} if anchor is not None else set())
        frames = [self._frame(leaf if anchor is None else anchor, used)]
        found = self._end_of(frames[-1], anchor or leaf)
        if found is not None:
            return found
        while frames:
            frame = frames[-1]
            step = next(frame.candidates, None)
            if step is None:
                if self._trusted and not frame.extended and (valid := self._verified_path()) is not None:
                    return valid
                self._leave(frames, used)
                continue
            certificate, trusted = step
            frame.extended = True
            self._count_step()
            used.add(certificate)
            (self._trusted if trusted else self._untrusted).append(certificate)
            frames.append(self._frame(certificate, used))
            if (valid := self._end_of(frames[-1], certificate)) is not None:
                return valid
        return None

    def _leave(self, frames: list[_Frame], used: set[Certificate]) -> None:
        frames.pop()
        if frames:
            used.discard((self._trusted or self._untrusted).pop())

    def _end_of(self, frame: _Frame, certificate: Certificate) -> tuple[PathElement, ...] | None:
        """A self-issued certificate ends the path, whatever comes of it."""
        if not certificate.self_issued:
            return None
        frame.candidates = iter(())
        frame.extended = True
        return self._verified_path()

    def _frame(self, certificate: Certificate, used: set[Certificate]) -> _Frame:
        return _Frame(self._candidates(certificate, used))

    def _candidates(self, certificate: Certificate, used: set[Certificate]) -> Iterator[tuple[Certificate, bool]]:
        """Yield what may stand above a certificate: anchors that signed it, else what the server sent."""
        for anchor in self._store.issuers_of(certificate):
            if anchor not in used and self._is_signed(certificate, anchor):
                yield anchor, True
        if self._trusted:
            return
        for issuer in self._sent[1:]:
            if issuer in used or issuer.subject.canonical != certificate.issuer.canonical:
                continue
            fault = fault_of_certificate(issuer, self._at)
            if fault is not None:
                self._note(msgspec.structs.replace(fault, index=len(self._untrusted)), extra=issuer)
            elif len(self._untrusted) >= MAX_UNTRUSTED:
                detail = f"more than {MAX_UNTRUSTED} certificates without an anchor"
                self._note(Fault(problem="too-long", detail=detail, index=None))
            else:
                yield issuer, False
        if len(self._untrusted) >= 1:
            self._note(Fault(problem="no-trust-anchor", detail=_TERSE, index=len(self._untrusted) - 1))

    def _is_signed(self, certificate: Certificate, issuer: Certificate) -> bool | None:
        key = (certificate.der, issuer.key.spki)
        if key not in self._verified:
            self._signatures += 1
            if self._signatures > MAX_SIGNATURES:
                raise _OverBudgetError
            self._verified[key] = signed_by(certificate, issuer.key)
        return self._verified[key]

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise _OverBudgetError

    def _verified_path(self) -> tuple[PathElement, ...] | None:
        """Validate the path as it stands; its fault is remembered."""
        elements = self._elements()
        if not self._trusted:
            self._note(Fault(problem="no-trust-anchor", detail=_TERSE, index=len(self._untrusted) - 1))
            return None
        fault = fault_of_path(self._untrusted, self._trusted[0], self._at, self._is_signed)
        if fault is None:
            return elements
        self._note(fault)
        return None

    def _note(self, fault: Fault, extra: Certificate | None = None) -> None:
        """Keep the fault of the attempt that came closest: with an anchor before without, the first of its kind."""
        rank = 0 if self._trusted else 2 if fault.problem == "no-trust-anchor" else 1
        if self._failure is None or rank < self._failure[0]:
            self._failure = (rank, fault, self._elements(extra))

    def _elements(self, extra: Certificate | None = None) -> tuple[PathElement, ...]:
        sent = {certificate.identity for certificate in self._sent}
        untrusted = [*self._untrusted, *([extra] if extra is not None else [])]
        elements = [
            PathElement(certificate=certificate, role="intermediate" if index else "leaf", origin="sent")
            for index, certificate in enumerate(untrusted)
        ]
        for certificate in self._trusted:
            elements.append(
                PathElement(
                    certificate=certificate,
                    role="anchor" if elements else "leaf",
                    origin="sent" if certificate.identity in sent else "store",
                )
            )
        return tuple(elements)

    def _result(self, path: tuple[PathElement, ...], fault: Fault | None) -> PathResult:
        return PathResult(
            store=self._store.name,
            path=path,
            problem=fault.problem if fault is not None else None,
            detail=fault.detail if fault is not None else "",
            fault_index=fault.index if fault is not None else None,
            steps=self._steps,
            signatures=self._signatures,
        )
