"""``pinscope rules`` and ``pinscope explain``: what is checked, and each rule in full."""

import json
import shutil
import sys
from pathlib import Path

import click

from analyzer.cli.rule_options import rules_option
from analyzer.errors import UsageError
from analyzer.model import RuleText


@click.command(epilog="Example: pinscope rules --format json")
@rules_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)
def rules(rule_folders: tuple[Path, ...], output_format: str) -> None:
    """List the rules with severity and title."""
    from analyzer.ruleset.loader import load_rules, texts

    listed = [texts(rule) for rule in load_rules(rule_folders).rules]
    if output_format == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    width = max(len(text.rule_id) for text in listed)
    for text in sorted(listed, key=lambda item: item.rule_id):
        click.echo(f"{text.rule_id:<{width}}  {text.severity.value if text.severity else 'strength':<8}  {text.title}")


@click.command(epilog="Example: pinscope explain NSC-PIN-EXPIRED")
@click.argument("rule")
@rules_option
def explain(rule: str, rule_folders: tuple[Path, ...]) -> None:
    """Explain RULE: what it looks for, why it matters, how to fix it, and what it does not see."""
    from analyzer.ruleset.loader import load_rules, texts

    by_id = load_rules(rule_folders).by_id
    wanted = rule.upper()
    by_name = {candidate.name: candidate for candidate in by_id.values()}
    found = by_id.get(wanted) or by_name.get(rule.lower())
    if found is None:
        import difflib

        near = difflib.get_close_matches(wanted, by_id, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; `pinscope rules` lists them all"
        raise UsageError(f"no rule {json.dumps(rule)}{hint}")
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    _print_text(texts(found), width)


def _print_text(text: RuleText, width: int) -> None:
    import textwrap

    def paragraph(body: str) -> None:
        for block in body.strip().split("\n\n"):
            click.echo(textwrap.fill(" ".join(block.split()), width, break_long_words=False, break_on_hyphens=False))
            click.echo()

    severity = text.severity.value if text.severity else "a strength"
    click.echo(click.style(f"{text.rule_id}  {text.title}", bold=True))
    click.echo(f"{severity} · confidence {text.confidence.value} · {text.name} · since {text.since}")
    standards = [*(f"CWE-{number}" for number in text.cwe), *text.masvs, *text.mastg, *text.lint]
    if standards:
        click.echo(textwrap.fill(" · ".join(standards), width))
    click.echo()
    for heading, body in (
        ("What it looks for", text.what),
        ("Why it matters", text.why),
        ("How to fix it", text.fix),
    ):
        click.echo(click.style(heading, bold=True))
        paragraph(body)
    if text.snippet:
        click.echo(textwrap.indent(text.snippet.rstrip(), "    "))
        click.echo()
    click.echo(click.style("Limits", bold=True))
    paragraph(text.limits)
    for link in text.references:
        click.echo(f"{link.title}: {link.url}")
    sys.stdout.flush()
