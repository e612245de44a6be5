"""What ``pinscope recheck`` prints: a table of releases and hosts, JSON, and metrics for Prometheus."""

from collections.abc import Sequence

import msgspec

from analyzer.model.recheck import Outlook
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.text import visible, without_commands
from analyzer.reporters.view_live import reason_words
from analyzer.reporters.words import show

_GAUGES = (
    ("pinscope_days_until_first_break", "Days until the app stops connecting to the host unless pinned keys are kept."),
    ("pinscope_pins_unknown", "1 where the pins could not be compared with the chain of the host."),
)


def words(outlook: Outlook, within: int) -> str:
    """Say how one release fares at one host."""
    if outlook.status == "unknown":
        return f"unknown: {reason_words(outlook.reason)}"
    if outlook.status == "breaks":
        return "breaks now"
    if outlook.breaks_on is None:
        return "works"
    lead = "breaks on" if breaks_within(outlook, within) else "works until"
    return f"{lead} {outlook.breaks_on}, in {outlook.days_left} days"


def breaks_within(outlook: Outlook, within: int) -> bool:
    """Tell whether a release breaks now or within some days."""
    if outlook.status == "unknown":
        return False
    return outlook.status == "breaks" or (outlook.days_left is not None and outlook.days_left <= within)


def render_recheck_text(outlooks: Sequence[Outlook], within: int) -> str:
    """Return one line for each release and host, the releases one after the other."""
    lines: list[str] = []
    release = None
    for outlook in outlooks:
        if (outlook.package, outlook.version) != release:
            release = (outlook.package, outlook.version)
            lines += ([""] if lines else []) + [f"{show(outlook.package, 160)} {show(outlook.version, 60)}"]
        mark = {"works": "✓", "breaks": "✗", "unknown": "?"}[outlook.status]
        if outlook.status == "works" and breaks_within(outlook, within):
            mark = "!"
        lines.append(f"  {mark} {show(_place(outlook), 260)}: {words(outlook, within)}")
    return "\n".join(without_commands(line) for line in lines) + "\n"


def _place(outlook: Outlook) -> str:
    """Return the host, with the port where it is not the usual one."""
    host = f"[{outlook.host}]" if ":" in outlook.host else outlook.host
    return outlook.host if outlook.port == 443 else f"{host}:{outlook.port}"


def render_recheck_json(outlooks: Sequence[Outlook]) -> bytes:
    """Return the outlooks as JSON."""
    return encode_json({"releases": [msgspec.to_builtins(outlook) for outlook in outlooks]})


def render_metrics(outlooks: Sequence[Outlook]) -> str:
    """Return gauges in Prometheus' text format."""
    samples: tuple[list[str], list[str]] = ([], [])
    for outlook in outlooks:
        named = {"app": outlook.package, "version": outlook.version, "host": _place(outlook)}
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in named.items())
        if outlook.status != "unknown":
            days = "+Inf" if outlook.days_left is None else str(max(0, outlook.days_left))
            samples[0].append(f"{_GAUGES[0][0]}{{{labels}}} {days}")
        samples[1].append(f"{_GAUGES[1][0]}{{{labels}}} {int(outlook.status == 'unknown')}")
    lines: list[str] = []
    for (name, text), found in zip(_GAUGES, samples, strict=True):
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", *found]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
