"""``pinscope schema``: the published forms."""

import sys

import click


@click.command(epilog="Example: pinscope schema report > pinscope-report.schema.json")
@click.argument("which", type=click.Choice(["report", "rule", "policy-file"]), default="report")
def schema(which: str) -> None:
    """Print the JSON Schema of the JSON report, of rule files, or of the policy file."""
    if which == "report":
        from analyzer.reporters.json_schema import schema_bytes

        sys.stdout.buffer.write(schema_bytes())
        return
    if which == "policy-file":
        from analyzer.gate.team_policy_schema import team_policy_schema_bytes

        sys.stdout.buffer.write(team_policy_schema_bytes())
        return
    from analyzer.ruleset.rule_schema import rule_schema_bytes

    sys.stdout.buffer.write(rule_schema_bytes())
