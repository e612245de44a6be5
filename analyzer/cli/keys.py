"""The part of ``pinscope pins`` that is about keys: reads hosts and files, and prints their pins."""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from analyzer.cli.live_options import read_live
from analyzer.cli.messages import complain, note
from analyzer.errors import UsageError
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.pin_values import identify_key
from analyzer.live.key_rows import (
    host_target,
    is_app,
    rows_of_app,
    rows_of_chain,
    rows_of_file,
    snippet_host,
    without_keys,
)
from analyzer.live.names import HostNameError, read_host
from analyzer.live.pool import Place
from analyzer.live.settings import read_settings
from analyzer.live.stage import look_at
from analyzer.model.keys import KeyRow
from analyzer.reporters.key_snippets import BACKUP, SNIPPETS, Snippet, bare, distinct, hexadecimal
from analyzer.reporters.keys_table import render_advice, render_keys_json, render_keys_text, render_openssl
from analyzer.reporters.view_certificates import uses_in_words
from analyzer.x509.contents import MAX_INPUT_BYTES

_INCOMPLETE = 3


class SortedTargets(msgspec.Struct, frozen=True):
    """Targets by what they are; `others` holds the files and hosts in the order given."""

    apps: tuple[Path, ...]
    others: tuple[Path | Place | None, ...]
    """None stands for standard input."""


def sort_targets(texts: Sequence[str], live: dict[str, Any]) -> SortedTargets:
    """Tell apps, other files and hosts apart.

    Raises:
        UsageError: A target is nothing of these.
    """
    apps: list[Path] = []
    others: list[Path | Place | None] = []
    for text in texts:
        path = Path(text)
        if text == "-":
            others.append(None)
        elif path.exists():
            if is_app(path):
                apps.append(path)
            else:
                others.append(path)
        else:
            others.append(host_target(text, live["live_port"]))
    return SortedTargets(tuple(apps), tuple(others))


def print_keys(
    targets: SortedTargets,
    output_format: str,
    live: dict[str, Any],
    *,
    as_of: dt.datetime,
    limits: tuple[str, ...],
    pick: Sequence[str],
    snippet_host: str | None,
    single_pin: bool,
    recommend: bool,
    passwords: Sequence[str],
) -> int:
    """Print the keys of all targets in one format; return the exit code."""
    if live["live_dry_run"]:
        for target in targets.others:
            if isinstance(target, Place):
                note(f"Would contact {target.host.name}, port {target.port}")
        return 0
    rows, complete = _read(targets, live, as_of, passwords)
    for app in targets.apps:
        found, whole = _rows_of_app(app, as_of, limits)
        rows += found
        complete = complete and whole
    if not rows:
        if complete:
            note("There is no certificate and no key.")
        return 0 if complete else _INCOMPLETE
    chosen = distinct(_picked(rows, pick))
    match output_format:
        case "table":
            text = render_keys_text(rows, as_of)
        case "json":
            text = render_keys_json(rows).decode()
        case "pins":
            text = bare(chosen)
        case "hex":
            text = hexadecimal(chosen)
        case "openssl":
            text = render_openssl(rows)
        case _:
            text = _snippet(output_format, rows, chosen, snippet_host, as_of, single=single_pin)
    if recommend and output_format == "table":
        text += "\n" + render_advice(rows)
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
    return 0 if complete else _INCOMPLETE


def _snippet(
    output_format: str,
    rows: Sequence[KeyRow],
    chosen: tuple[KeyRow, ...],
    host: str | None,
    as_of: dt.datetime,
    *,
    single: bool,
) -> str:
    name = host if host is not None else snippet_host(rows)
    try:
        read = read_host(name) if name is not None else None
    except HostNameError as error:
        raise UsageError(f"--host {host!r} is no host: {error}") from None
    if read is None:
        raise UsageError("nothing says which host the snippet is for; give --host HOST")
    snippet = Snippet(host=read.name, rows=chosen, as_of=as_of, single=single)
    if snippet.incomplete:
        note(
            f"Only one key is known, so the snippet holds the line {BACKUP!r}, which does not compile. Give a second "
            "target, such as the certificate request of a backup key, or --single-pin."
        )
    return SNIPPETS[output_format](snippet)


def _picked(rows: Sequence[KeyRow], pick: Sequence[str]) -> list[KeyRow]:
    """Choose for snippets: of a host's chain what its path holds above the leaf; of files everything.

    A choice of roles holds for the certificates of files too; keys and requests have no role and are always meant.
    """
    wanted = set(pick) or {"intermediate", "anchor"}

    def fits(row: KeyRow) -> bool:
        if "all" in wanted or (row.host is None and (not pick or row.kind != "certificate")):
            return True
        if row.in_path is False:
            return False
        role = "leaf" if row.role == "leaf" else "anchor" if row.anchor or row.role == "root" else "intermediate"
        return role in wanted

    chosen = [row for row in rows if fits(row)]
    return chosen or list(rows)


def _read(
    targets: SortedTargets, live: dict[str, Any], as_of: dt.datetime, passwords: Sequence[str]
) -> tuple[list[KeyRow], bool]:
    catalogue = load_catalogue()
    places = [target for target in targets.others if isinstance(target, Place)]
    # A host that was typed as a target is the consent to connect to it.
    settings = read_settings(read_live(live, enabled=bool(places)))
    chains = {
        (chain.host, chain.port): chain
        for chain in look_at(places, settings, as_of, identify=lambda digest: identify_key(digest, catalogue))
        if not chain.superseded
    }
    rows: list[KeyRow] = []
    complete = True
    for target in targets.others:
        if isinstance(target, Place):
            chain = chains[target.host.name, target.port]
            shown = f"{chain.host}:{chain.port}" if ":" not in chain.host else f"[{chain.host}]:{chain.port}"
            if chain.error is not None:
                complain(f"{shown}: {chain.error}: {chain.error_detail}")
                complete = False
            rows += rows_of_chain(chain, shown)
        else:
            rows += rows_of_file(
                _content(target),
                target.as_posix() if target is not None else "standard input",
                passwords,
                lambda digest: identify_key(digest, catalogue),
            )
    return rows, complete


def _rows_of_app(app: Path, as_of: dt.datetime, limits: tuple[str, ...]) -> tuple[list[KeyRow], bool]:
    """Return what an app carries, and whether it was read completely."""
    from analyzer.cli.limits import parse_limits
    from analyzer.options import ScanOptions
    from analyzer.pipeline import load_engine, scan

    options = ScanOptions(as_of=as_of, limits=parse_limits(limits), fail_on=None)
    result = scan(app, options, load_engine(options))
    if result.gate.exit_code != 0:
        complain(f"{app}: {result.gate.outcome} (exit code {result.gate.exit_code}): {result.gate.reason}")
    facts = result.facts.certificates if result.facts is not None else ()
    for entry, problem in dict.fromkeys(without_keys(facts)):
        complain(f"{app}!{entry}: {problem}")
    return [*rows_of_app(facts, app.as_posix(), uses_in_words)], result.gate.exit_code == 0


def _content(path: Path | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    with path.open("rb") as stream:
        return stream.read(MAX_INPUT_BYTES + 1)
