"""What a comparison of two versions says, in words: one model for its text, Markdown and HTML."""

from collections.abc import Mapping

from analyzer.model import Change, ComparedApp, Comparison
from analyzer.model.comparison import ChangeKind, Direction
from analyzer.reporters.levels import name_levels
from analyzer.reporters.text import plural
from analyzer.reporters.view_model import State, View
from analyzer.reporters.words import show

MOST_CHANGES = 200
"""Most changes of one direction in a human report; the JSON report has them all."""
_WORDS: Mapping[ChangeKind, str] = {
    "debuggable": "debuggable",
    "target-sdk": "target SDK",
    "min-sdk": "minimum SDK",
    "policy-state": "policy file",
    "cleartext": "cleartext",
    "trust-anchors": "trust anchors",
    "certificate-transparency": "certificate transparency",
    "domain-encryption": "encrypted client hello",
    "pinning-lost": "not pinned any more",
    "pinning-gained": "pinned now",
    "backup-lost": "only one key left, no backup",
    "pins-added": "further keys",
    "pins-removed": "fewer keys",
    "pins-replaced": "other keys",
    "expiration": "pins end on",
    "activation": "use of the pins",
    "callback-added": "new",
    "callback-removed": "gone",
    "certificate-added": "bundled now",
    "certificate-removed": "not bundled any more",
    "host-added": "named now",
    "host-removed": "not named any more",
    "library-added": "new library",
    "library-removed": "library gone",
    "library-version": "library version",
    "finding-new": "new finding",
    "finding-gone": "finding gone",
    "finding-severity": "severity",
    "strength-lost": "strength lost",
    "strength-gained": "strength gained",
    "gap-new": "not seen any more",
    "gap-gone": "seen now",
    "rule-not-evaluated": "not evaluated any more",
}
_TITLES: Mapping[Direction, tuple[str, State]] = {
    "weaker": ("Weaker", "bad"),
    "changed": ("Changed", "neutral"),
    "stronger": ("Stronger", "good"),
}


class ChangeView(View, frozen=True, kw_only=True):
    """One change."""

    subject: str
    what: str
    old: str
    new: str
    levels: str


class ChangeGroup(View, frozen=True, kw_only=True):
    """The changes of one direction."""

    title: str
    state: State
    changes: tuple[ChangeView, ...]
    omitted: int


class ComparisonView(View, frozen=True, kw_only=True):
    """A whole comparison."""

    title: str
    verdict: str
    weaker: bool
    complete: bool
    as_of: str
    old: str
    new: str
    notes: tuple[str, ...]
    groups: tuple[ChangeGroup, ...]


def comparison_view(comparison: Comparison) -> ComparisonView:
    """Arrange a comparison for readers, weaker changes first."""
    return ComparisonView(
        title=f"{show(comparison.new.package or comparison.new.path, 160)}: "
        f"{_version(comparison.old)} to {_version(comparison.new)}",
        verdict=_verdict(comparison),
        weaker=comparison.weaker,
        complete=comparison.complete,
        as_of=comparison.new.as_of[:10],
        old=_side(comparison.old),
        new=_side(comparison.new),
        notes=tuple(show(note) for note in comparison.notes),
        groups=tuple(group for direction in _TITLES if (group := _group(comparison, direction)) is not None),
    )


def _verdict(comparison: Comparison) -> str:
    weaker = sum(change.direction == "weaker" for change in comparison.changes)
    others = len(comparison.changes) - weaker
    if weaker:
        return f"The newer version is weaker in {plural(weaker, 'place')}; {plural(others, 'other change')}."
    ending = "." if comparison.complete else "; a side was not analysed to the end, so that some may be missing."
    if not comparison.changes:
        return f"Nothing changed{ending}"
    return f"Nothing is weaker; {plural(others, 'change')}{ending}"


def _group(comparison: Comparison, direction: Direction) -> ChangeGroup | None:
    changes = [change for change in comparison.changes if change.direction == direction]
    if not changes:
        return None
    title, state = _TITLES[direction]
    return ChangeGroup(
        title=title,
        state=state,
        changes=tuple(map(_change, changes[:MOST_CHANGES])),
        omitted=max(0, len(changes) - MOST_CHANGES),
    )


def _change(change: Change) -> ChangeView:
    severity = f"{change.severity}: " if change.severity else ""
    levels = ""
    if change.first_level is not None and change.last_level is not None:
        levels = name_levels(change.first_level, change.last_level)
    return ChangeView(
        subject=show(change.subject, 300),
        what=f"{severity}{_WORDS[change.kind]}",
        old=show(change.old or "", 300),
        new=show(change.new or "", 300),
        levels=levels,
    )


def _version(app: ComparedApp) -> str:
    return show(app.version, 60) if app.version else show(app.path.rpartition("/")[2], 60)


def _side(app: ComparedApp) -> str:
    return f"{show(app.path.rpartition('/')[2], 120)} · SHA-256 {app.sha256[:16]}…"
