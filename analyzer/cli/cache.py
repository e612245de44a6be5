"""A folder with one file per kept entry."""

from contextlib import suppress
from pathlib import Path

from analyzer.cli.files import read_bounded, write_whole
from analyzer.errors import UsageError

_MAX_ENTRY_BYTES = 512 * 1024 * 1024


class FolderStore:
    """Entries as files of a folder; what cannot be read or written is left out."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when it is missing.

        Raises:
            UsageError: It cannot be made, or is a file.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--cache {folder}: cannot be used ({error.strerror or error})") from error
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """Return the content of an entry, None when there is none or it cannot be read."""
        with suppress(UsageError):
            return read_bounded(self._path(key), "cache entry", _MAX_ENTRY_BYTES)
        return None

    def put(self, key: str, content: bytes) -> None:
        """Write an entry; a full disk is no reason to fail a scan."""
        with suppress(UsageError):
            write_whole(self._path(key), content)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.pinscope"
