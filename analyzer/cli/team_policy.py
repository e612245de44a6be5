"""The ``--policy`` options: finds and reads the team's policy file."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from analyzer.cli.files import read_bounded
from analyzer.errors import UsageError
from analyzer.model import TeamPolicy

FILE_NAME = "pinscope.yaml"


def policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--policy`` and ``--no-policy``."""
    for option in (
        click.option("--no-policy", is_flag=True, help=f"Do not look for a {FILE_NAME}."),
        click.option("--policy", "policy_file", type=click.Path(path_type=Path), metavar="FILE",
                     help="The team's policy: what must hold, what blocks, what is accepted.  "
                     f"[default: {FILE_NAME} here or in a folder above]"),
    ):  # fmt: skip
        command = option(command)
    return command


def find_policy(policy_file: Path | None, *, no_policy: bool, reproducible: bool = False) -> TeamPolicy | None:
    """Read the policy that the options name, or the nearest one upward from the working directory.

    Raises:
        UsageError: Both options were given, or the file cannot be read or is wrong.
    """
    if policy_file is not None and no_policy:
        raise UsageError("--policy and --no-policy exclude each other")
    if no_policy:
        return None
    path = policy_file or _nearest(Path.cwd())
    return None if path is None else load_policy(path, reproducible=reproducible)


def load_policy(path: Path, *, reproducible: bool = False) -> TeamPolicy:
    """Read a policy file.

    Raises:
        UsageError: It cannot be read or is wrong.
    """
    from analyzer.gate.team_policy import MAX_POLICY_BYTES, read_team_policy

    data = read_bounded(path, "policy", MAX_POLICY_BYTES)
    return read_team_policy(data, path.name if reproducible else shown_path(path))


def shown_path(path: Path) -> str:
    """Return a path as reports name it: relative to the working directory where that is possible."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:
        # Another drive.
        return path.as_posix()


def _nearest(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        candidate = parent / FILE_NAME
        try:
            # A folder of that name, or a file that may not be read, is complained about rather than passed by.
            if candidate.exists():
                return candidate
        except OSError:
            return None
    return None
