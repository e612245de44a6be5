"""What ``pinscope pins`` prints as a table: one row per pin-set, readable at 80 columns."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence, Set

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analyzer.model import AnalysisGap, Facts, Location, NetworkPolicy, PinFact, ScanResult, SdkFact
from analyzer.model.okhttp_versions import okhttp_versions
from analyzer.reporters.pins_document import hides_pins
from analyzer.reporters.terminal import plain_console
from analyzer.reporters.text import as_sentence, join_words, plural, without_commands
from analyzer.reporters.view_code_pins import CodePinSet
from analyzer.reporters.view_model import State, Value
from analyzer.reporters.view_pins import enforcement, has_ended, is_stand_in, pin_problem, stand_ins
from analyzer.reporters.view_settings import REFUSED
from analyzer.reporters.words import CHECKED_CHAINS, GAP_REASONS, HASHED_OBJECTS, MECHANISMS, owner_name, show

MIN_WIDTH = 60
"""Narrower terminals get lines of this width."""
_HOST_WIDTH = 26
_MOST_HOSTS = 12
_MOST_PLACES = 3
_MOST_GAPS = 8
_ALGORITHMS = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
_STYLES: dict[State, str] = {"good": "green", "warn": "yellow", "bad": "red", "unknown": "magenta", "neutral": ""}
_KINDS = {"root": "root", "intermediate": "intermediate", "leaf": "leaf", "staging": "staging"}


def render_pins_text(results: Sequence[ScanResult], *, width: int, color: bool) -> str:
    """Return the pins of all targets as text, ending in a line break.

    Args:
        results: One per target.
        width: Columns of the terminal; 80 when piped.
        color: False for plain text without any escape sequence.
    """
    buffer = io.StringIO()
    console = plain_console(buffer, width=max(width, MIN_WIDTH), color=color)
    for result in results:
        for block in _blocks(result):
            console.print(block, crop=False)
    lines = buffer.getvalue().split("\n")
    return "\n".join(without_commands(line.rstrip()) for line in lines).rstrip("\n") + "\n"


def _blocks(result: ScanResult) -> Iterable[RenderableType]:
    name = result.app.package if result.app is not None else result.target.path
    version = f" {show(result.app.version_name, 80)}" if result.app is not None and result.app.version_name else ""
    yield Text(f"{show(name, 200)}{version}", style="bold", overflow="fold")
    as_of = dt.datetime.fromisoformat(result.as_of)
    pins = result.facts.pins if result.facts is not None else ()
    yield Text(f"{_count(pins)} As of {as_of.date().isoformat()}.", overflow="fold")
    yield Text()
    if result.facts is not None and pins:
        yield _table(pins, result.facts, as_of)
    gaps = [gap for gap in result.gaps if hides_pins(gap.hides)]
    if gaps:
        yield from _gaps(gaps)


def _count(pins: Sequence[PinFact]) -> str:
    if not pins:
        return "No pins were found."
    unresolved = sum(pin.resolution == "unresolved" for pin in pins)
    texts = sum(pin.mechanism == "string" for pin in pins)
    known = len(pins) - unresolved - texts
    parts = [plural(known, "pin")] if known else []
    parts += [f"{unresolved} whose value is not known"] if unresolved else []
    parts += [f"{texts} {'text' if texts == 1 else 'texts'} in the form of a pin without a known use"] if texts else []
    return as_sentence(join_words(parts))


def _table(pins: Sequence[PinFact], facts: Facts, as_of: dt.datetime) -> RenderableType:
    table = Table(box=None, show_header=True, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Host and mechanism", width=_HOST_WIDTH, overflow="fold")
    table.add_column("Pins", overflow="fold")
    useless = stand_ins(pins)
    for hosts, members, state in _sets(pins, facts.sdks, as_of):
        first = members[0]
        if first.mechanism == "nsc":
            state = _policy_state(facts.policy, first, as_of, useless)
        table.add_row(_left(hosts, first, state, as_of), Group(*_right(members), Text()))
    return table


def _sets(
    pins: Iterable[PinFact], sdks: Sequence[SdkFact], as_of: dt.datetime
) -> list[tuple[list[str], list[PinFact], Value]]:
    """Join pins of one place into sets, and sets of several hosts that are equal otherwise into one row."""
    by_host: dict[tuple[object, ...], list[PinFact]] = {}
    for pin in pins:
        key = (*_set_key(pin), pin.host, pin.include_subdomains)
        by_host.setdefault(key, []).append(pin)
    rows: dict[tuple[object, ...], tuple[list[str], list[PinFact], Value]] = {}
    for members in by_host.values():
        first = members[0]
        pin_set = CodePinSet(members, okhttp_versions(sdks, first.mechanism))
        state = pin_set.enforcement(as_of)
        row = (*_set_key(first), state.text, *((pin.value, pin.resolution, pin.problem) for pin in members))
        hosts, _, _ = rows.setdefault(row, ([], members, state))
        hosts.append(pin_set.label)
    return list(rows.values())


def _set_key(pin: PinFact) -> tuple[object, ...]:
    return (
        pin.mechanism, pin.scope, pin.owner, pin.activation, pin.enforced, pin.expires_on, pin.checked_against,
        pin.algorithm, pin.hashed_object,
    )  # fmt: skip


def _policy_state(policy: NetworkPolicy, pin: PinFact, as_of: dt.datetime, useless: Set[bytes]) -> Value:
    """Tell whether a pin of the policy is checked, on the newest devices that read its file."""
    for variant in policy.variants:
        if not any(variant.entry == place.entry for place in pin.evidence):
            continue
        for scope in variant.scopes:
            domain = next((one for one in scope.domains if one.name == pin.host), None)
            if domain is None:
                continue
            if not scope.bands:
                return Value(text=REFUSED, state="bad")
            if domain.problem is not None:
                return Value(text="Can match no host", state="bad")
            text, state = enforcement(scope.bands[-1].settings, as_of, useless)
            return Value(text=text, state=state)
    return Value(text="Not known", state="unknown")


def _left(hosts: Sequence[str], first: PinFact, state: Value, as_of: dt.datetime) -> RenderableType:
    lines = [Text(host, style="bold", overflow="fold") for host in hosts[:_MOST_HOSTS]]
    if len(hosts) > _MOST_HOSTS:
        lines.append(Text(f"and {len(hosts) - _MOST_HOSTS} more"))
    lines.append(Text(MECHANISMS[first.mechanism], overflow="fold"))
    lines.append(Text(state.text, style=_STYLES[state.state], overflow="fold"))
    if first.expires_on is not None and not has_ended(first.expires_on, as_of):
        lines.append(Text(f"until {show(first.expires_on, 20)}"))
    lines.append(Text(owner_name(first.owner), style="dim", overflow="fold"))
    return Group(*lines, Text())


def _right(members: Sequence[PinFact]) -> Iterable[RenderableType]:
    for pin in members:
        if pin.value:
            yield Text(show(pin.value, 200), overflow="fold")
        else:
            yield Text("value not known", style="magenta")
        for note in _notes(pin):
            yield _hanging(note)
    first = members[0]
    if any(pin.digest is not None for pin in members):
        algorithm = _ALGORITHMS[first.algorithm] if first.hashed_object != "key" else ""
        yield Text(f"{algorithm} of the {HASHED_OBJECTS[first.hashed_object]},".lstrip(), style="dim", overflow="fold")
        yield Text(f"compared with {CHECKED_CHAINS[first.checked_against]}", style="dim", overflow="fold")
    places = list(dict.fromkeys(_place(place) for pin in members for place in pin.evidence))
    for place in places[:_MOST_PLACES]:
        yield Text(f"← {place}", style="dim", overflow="fold")
    if len(places) > _MOST_PLACES:
        yield Text(f"← and {plural(len(places) - _MOST_PLACES, 'more place')}", style="dim")


def _place(location: Location) -> str:
    """Return a location in few words: places in one method, or one file, are told apart by the JSON form."""
    entry = show(location.entry, 200)
    if location.class_name is None:
        return entry if location.line is None else f"{entry}, line {location.line}"
    method = f".{show(location.method.partition('(')[0], 160)}" if location.method else ""
    return f"{show(location.class_name, 160)}{method}, {entry}"


def _notes(pin: PinFact) -> Iterable[Text]:
    identity = pin.identity
    if identity is not None and not is_stand_in(pin):
        about = [_KINDS[identity.kind]] if identity.kind in _KINDS else []
        about += [identity.status] if identity.status not in (None, "active") else []
        about += [f"until {show(identity.valid_until, 20)}"] if identity.valid_until else []
        yield Text(show(identity.name, 120) + (f" ({', '.join(about)})" if about else ""), style="cyan")
    problem = pin_problem(pin)
    if problem is not None:
        yield Text(problem, style="red" if pin.problem is not None else "magenta")


def _hanging(text: Text) -> RenderableType:
    grid = Table.grid(padding=0)
    grid.add_column(width=2)
    grid.add_column(overflow="fold")
    grid.add_row("", text)
    return grid


def _gaps(gaps: Sequence[AnalysisGap]) -> Iterable[RenderableType]:
    yield Text("Where there may be further pins", style="bold")
    for gap in gaps[:_MOST_GAPS]:
        line = Text("? ", style="magenta")
        line.append(f"{show(gap.subject, 120)} ({GAP_REASONS[gap.reason]}): {show(gap.detail, 300)}", style="not bold")
        yield line
    if len(gaps) > _MOST_GAPS:
        yield Text(f"? and {len(gaps) - _MOST_GAPS} more")
    yield Text()
