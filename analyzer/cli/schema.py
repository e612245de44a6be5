"""``pinscope schema``: the published forms."""

import sys

import click


@click.command(epilog="Example: pinscope schema report > pinscope-report.schema.json")
@click.argument("which", type=click.Choice(["report", "rule"]), default="report")
def schema(which: str) -> None:
    """Print the JSON Schema of the JSON report, or of rule files."""
    if which == "report":
        from analyzer.reporters.json_schema import schema_bytes

        sys.stdout.buffer.write(schema_bytes())
        return
    from analyzer.ruleset.rule_schema import rule_schema_bytes

    sys.stdout.buffer.write(rule_schema_bytes())
