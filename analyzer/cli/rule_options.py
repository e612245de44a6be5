"""The options ``--rules`` and ``--profile``: by which rules an app is judged, alike for all commands that judge."""

from pathlib import Path

import click

rules_option = click.option(
    "--rules",
    "rule_folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder with further rules; repeatable.",
)

profile_option = click.option(
    "--profile",
    type=click.Choice(["L1", "L2"]),
    default="L1",
    show_default=True,
    help="L2 expects own hosts to be pinned.",
)
