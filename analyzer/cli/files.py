"""Reading and writing files of the user's: bounded, all or nothing, with one clear line when it goes wrong."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from analyzer.errors import UsageError

MAX_CONFIGURATION_BYTES = 8 * 1024 * 1024
"""Largest policy or baseline that is read; real ones have a few kilobytes."""


def read_bounded(path: Path, what: str, most_bytes: int = MAX_CONFIGURATION_BYTES) -> bytes:
    """Return the content of a file called `what` in messages.

    Raises:
        UsageError: It is not there, is no regular file, cannot be read, or is larger than `most_bytes`.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such {what}")
    if not path.is_file():
        raise UsageError(f"{path}: not a file; a {what} was expected")
    try:
        if path.stat().st_size > most_bytes:
            raise UsageError(f"{path}: {path.stat().st_size:,} bytes are more than a {what} may have ({most_bytes:,})")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave what was there untouched.

    Raises:
        UsageError: The place cannot be written to, or there is no space.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            # Devices and pipes are written to; there is nothing to leave untouched.
            path.write_bytes(content)
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(name).replace(path)
        finally:
            # After a replacement there is nothing left of this name.
            with suppress(OSError):
                Path(name).unlink()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror or error})") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
