"""Write the generated documents, or check that they are current.

The rule pages, the JSON Schemas, and the marked parts of README.md come from the code and the rule files.
"""

import argparse
import ast
import itertools
import re
import sys
from collections import defaultdict
from pathlib import Path

import click
import yaml

from analyzer.cli import cli
from analyzer.gate.team_policy_schema import team_policy_schema_bytes
from analyzer.live.prober import CONNECT_SECONDS, MAX_BYTES, MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES, MAX_READS
from analyzer.live.recordings import MAX_FILE_BYTES
from analyzer.live.resolve import RESOLVE_SECONDS
from analyzer.model import RuleText
from analyzer.options import Limits, LiveOptions
from analyzer.reporters.json_schema import schema_bytes
from analyzer.ruleset.loader import load_rules, read_rule, texts
from analyzer.ruleset.rule_schema import rule_schema_bytes
from analyzer.ruleset.schema import Rule
from tools.commands import commands_page, manual_page
from tools.coverage import coverage_page
from tools.policy_reference import policy_reference
from tools.report_contract import report_page

ROOT = Path(__file__).resolve().parent.parent
_FAMILIES = {
    "app": "Manifest and package",
    "nsc": "Network security configuration",
    "pin": "Quality of pins",
    "hv": "Host name verification",
    "live": "Chains that hosts present",
    "webview": "WebView",
    "okhttp": "OkHttp",
    "trustkit": "TrustKit",
    "cronet": "Cronet and HttpEngine",
    "cert": "Bundled certificates and keys",
    "policy": "The team's own policy",
}
_NOT_SEEN = """\
## What is not seen, and ways around it

**Native code.** A library that compares keys with OpenSSL in a `.so` file is not read. The report has a gap on what
native libraries do. Ask its makers, or watch the app behind a proxy.

**Runtimes that bring TLS of their own.** Flutter's Dart code, for one, does not read the network security
configuration. The report has a gap with the reason "runtime not supported". Look for pinning in the sources of that
part.

**Code that is unpacked or loaded at run time.** Packers, and `DexClassLoader` on a file from the network. The report
says "packed", or [APP-DYNAMIC-CODE](rules/APP-DYNAMIC-CODE.md). Scan the build before it is packed.

**What servers present.** A pin for a key that no server uses any more looks like any other. `--chains` compares with
recordings, `--live` with the hosts themselves; without them the `LIVE-…` rules are not evaluated.

**Parts that were not given.** The policy may lie in a split: the report says "needs a split that was not given". Give
the `.aab`, the `.apks`, or the folder with all splits.

**What is not in the app.** A trust store that a device's maker changed, or a proxy that a device's owner set.

The exit code is 3 when a gap makes the analysis incomplete. `--require RULE` makes it 3 when a rule that matters could
not be evaluated.
"""
_NOT_FOLLOWED = """\
## Pins that are not followed

`make recall` measures what is found of the pins in `sample_apks/pin-styles`, for each way to build its apps: all of
them, with their hosts, and nothing else. What is not followed, or cannot be told apart, in other apps:

**Classes that R8 merged.** Lambdas become one class with a number that says which of them an object is. The number is
followed from where the object is created, but not through every field: where it is lost, the host of a pin may be
reported as unknown, beside the right one, or a host of one lambda with the pin of another.

**Collections in fields.** What is put into a list or map that a field holds is collected from the methods that get
the object, and from all methods that read the field when the object is kept somewhere. The order is not followed, nor
is whether it was put in before the field was read: a list that is handed on, extended and handed on again counts as
the longer one both times. Where objects that one place makes cannot be told apart, the rest is reported as unknown.

**Lambdas that the platform runs.** `Map.forEach`, `Optional` and the streams of Java are not followed. The call is
reported without what it gets, and its pins as literals.

**Texts that are cut up, or put together in loops.** A text that a loop puts together is unknown. Kotlin's `split`,
`lines` and `trimIndent` are followed under their own names alone: where a shrinker renamed them, a text that is split
may be reported whole, as one malformed pin, and the pins as literals.

**Pairs of two lists.** Where two lists are joined by place, as `zip` does, and the order of one of them is not known (a
`HashSet`, a list that is sorted, shuffled or filtered), the host is reported as unknown.

**What `lazy` makes.** A pinner of OkHttp that `by lazy` would make counts as used where the value is asked for. What
else stands in such a block, such as a trust manager or another library's pins, counts as used where its class runs.

**Whether several conditions can hold together** is judged for one method at a time, and for what branches ask of the
same value. Where more than 64 combinations of branches lead to a call, its hosts and pins are combined freely.

**Values that only exist while the app runs**: what is decrypted, downloaded, read from preferences or computed byte by
byte is reported as unresolved, with the reason.
"""


def documents() -> dict[Path, bytes]:
    """Return every generated document by path."""
    loaded = load_rules(())
    rules = tuple(read_rule(loaded.paths[rule.id]) for rule in loaded.rules)
    readme = ROOT / "README.md"
    integrations = ROOT / "docs" / "integrations" / "README.md"
    made = {
        ROOT / "docs" / "schema" / "pinscope-report-1.schema.json": schema_bytes(),
        ROOT / "docs" / "schema" / "pinscope-rule-1.schema.json": rule_schema_bytes(),
        ROOT / "docs" / "schema" / "pinscope-policy-file-1.schema.json": team_policy_schema_bytes(),
        ROOT / "docs" / "policy-file.md": policy_reference().encode(),
        ROOT / "docs" / "limits.md": _limits().encode(),
        ROOT / "docs" / "commands.md": commands_page(cli).encode(),
        ROOT / "docs" / "man" / "pinscope.1": manual_page(cli).encode(),
        ROOT / "docs" / "report.md": report_page().encode(),
        ROOT / "docs" / "coverage.md": coverage_page(rules).encode(),
        ROOT / "docs" / "rules" / "README.md": _rule_index(rules).encode(),
        readme: _filled(readme, {"help": _help(), "rule-count": _rule_count(rules)}),
        integrations: _filled(integrations, {"action-inputs": _action_inputs()}),
    }
    for rule in rules:
        made[ROOT / "docs" / "rules" / f"{rule.id}.md"] = _rule_page(rule, texts(rule)).encode()
    return made


def _limits() -> str:
    """Tabulate the bounds with their meaning, which the source states below each field."""
    tree = ast.parse((ROOT / "analyzer" / "options.py").read_text())
    (limits,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Limits"]
    lines = [
        "# Limits",
        "",
        "Bounds on what is read from a package. Crossing one leaves a gap with the reason `limit` in the report and",
        "exit code 3. `pinscope scan app.apk --limit NAME=NUMBER` changes one; it is repeatable.",
        "",
        "| name | default | meaning |",
        "| --- | --- | --- |",
    ]
    for field, note in itertools.pairwise(limits.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(note, ast.Expr):
            meaning = " ".join(str(ast.literal_eval(note.value)).split())
            lines.append(f"| `{field.target.id}` | {getattr(Limits(), field.target.id):,} | {meaning} |")
    lines += ["", *_NOT_SEEN.splitlines(), "", *_NOT_FOLLOWED.splitlines()]
    lines += ["", *_live_limits()]
    return "\n".join(lines) + "\n"


def _live_limits() -> list[str]:
    """Tabulate the bounds of the live check, which no option but those named changes."""
    live = LiveOptions()
    rows = (
        ("hosts", f"{live.max_hosts}", "`--live-max`, at most 1000; more are refused, all of them"),
        ("seconds for one host, after its name was resolved", f"{live.timeout_seconds:g}", "`--live-timeout`"),
        ("seconds to connect to one address", f"{CONNECT_SECONDS:g}", "part of the above"),
        ("seconds to resolve a name", f"{RESOLVE_SECONDS:g}", ""),
        ("seconds for all hosts", f"{live.budget_seconds:g}", "`--live-budget`; hosts beyond it are unknown"),
        ("hosts at once", f"{live.threads}", "`--live-threads`, at most 64; one connection per address"),
        ("bytes and reads of one handshake", f"{MAX_BYTES:,} and {MAX_READS:,}", "more is `too-much`"),
        ("certificates of one chain", f"{MAX_CERTIFICATES}", "the rest is counted and left out"),
        ("bytes of one certificate", f"{MAX_CERTIFICATE_BYTES:,}", "larger ones are counted and left out"),
        ("bytes of one recording", f"{MAX_FILE_BYTES:,}", "a larger one is a gap"),
    )
    return [
        "## The live check",
        "",
        "Bounds on what `--live` asks and what `--chains` reads. What lies beyond them leaves the verdict `unknown`",
        "with its reason; `--live-strict` makes that exit code 3.",
        "",
        "| what | bound | changed by |",
        "| --- | --- | --- |",
        *(f"| {what} | {bound} | {how} |" for what, bound, how in rows),
    ]


def _help() -> str:
    context = click.Context(cli, info_name="pinscope", terminal_width=100, **cli.context_settings)
    return f"```text\n{cli.get_help(context)}\n```"


def _rule_count(rules: tuple[Rule, ...]) -> str:
    problems = sum(rule.type == "problem" for rule in rules)
    return f"{len(rules)} rules ({problems} problems, {len(rules) - problems} strengths)"


def _action_inputs() -> str:
    lines = ["| input | default | meaning |", "| --- | --- | --- |"]
    for name, about in yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].items():
        default = "needed" if about.get("required") else f"`{about['default']}`" if about["default"] else ""
        lines.append(f"| `{name}` | {default} | {about['description']} |")
    return "\n".join(lines)


def _filled(path: Path, parts: dict[str, str]) -> bytes:
    text = path.read_text()
    for name, content in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->)(.*?)(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{path.name}: no part marked {name}")
        separator = "\n" if content.startswith(("```", "|")) else ""
        filling = separator + content + separator
        text = pattern.sub(lambda match, filling=filling: match[1] + filling + match[3], text)  # type: ignore[misc]
    return text.encode()


def _rule_index(rules: tuple[Rule, ...]) -> str:
    families: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        families[rule.id.split("-")[0].lower()].append(rule)
    lines = ["# Rules", "", "Generated from the files under `rules/checks/`; `pinscope explain RULE` prints the same."]
    for family in sorted(families):
        lines += [
            "",
            f"## {_FAMILIES.get(family, family.upper())}",
            "",
            "| rule | title | severity |",
            "| --- | --- | --- |",
        ]
        for rule in sorted(families[family], key=lambda item: item.id):
            severity = rule.severity.value if rule.severity else "strength"
            lines.append(f"| [{rule.id}]({rule.id}.md) | {rule.title} | {severity} |")
    return "\n".join(lines) + "\n"


def _rule_page(rule: Rule, text: RuleText) -> str:
    severity = text.severity.value if text.severity else "none: it states a strength"
    mapping = [
        *(f"[CWE-{number}](https://cwe.mitre.org/data/definitions/{number}.html)" for number in text.cwe),
        *text.masvs,
        *text.mastg,
        *(f"Android Lint `{check}`" for check in text.lint),
    ]
    lines = [
        f"# {text.rule_id}: {text.title}",
        "",
        f"`{text.name}` · severity **{severity}** · confidence {text.confidence.value} · since {text.since}",
        "",
    ]
    if mapping:
        lines += [" · ".join(mapping), ""]
    for heading, body in (("What it looks for", text.what), ("Why it matters", text.why), ("How to fix it", text.fix)):
        lines += [f"## {heading}", "", body.strip(), ""]
    if text.snippet:
        lines += [f"```{text.snippet_language or ''}", text.snippet.rstrip(), "```", ""]
    if rule.cases:
        lines += ["## When it judges differently", ""]
        for case in rule.cases:
            outcome = "says nothing" if case.suppress else _outcome(case.severity, case.confidence)
            lines.append(f"- {outcome}: `{' '.join(case.when.split())}`")
        lines.append("")
    lines += ["## Limits", "", text.limits.strip(), ""]
    lines += ["## Samples", ""]
    lines += [f"- reported: {sample.name}" for sample in rule.samples.bad]
    lines += [f"- not reported: {sample.name}" for sample in rule.samples.good]
    lines += [f"- not evaluated: {sample.name}" for sample in rule.samples.unknown]
    lines.append("")
    if text.references:
        lines += ["## References", "", *(f"- [{link.title}]({link.url})" for link in text.references), ""]
    return "\n".join(lines)


def _outcome(severity: object, confidence: object) -> str:
    parts = [str(part) for part in (severity, confidence) if part is not None]
    return ", ".join(parts) if parts else "words it differently"


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    check = parser.parse_args().check
    wanted = documents()
    present = set((ROOT / "docs" / "rules").glob("*.md"))
    stale = sorted(
        path
        for path in wanted.keys() | present
        if path not in wanted or not path.is_file() or path.read_bytes() != wanted[path]
    )
    if check:
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)}; run `make docs`", file=sys.stderr)
        print(f"{len(wanted)} generated documents, {len(stale)} stale")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
        else:
            path.unlink()
    print(f"{len(wanted)} generated documents, {len(stale)} rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
