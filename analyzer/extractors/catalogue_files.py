"""Where the catalogues of ``rules/catalogue`` are, and how one is read."""

from pathlib import Path
from typing import TypeVar

import msgspec

from analyzer.conditions.yaml_reader import read_yaml
from analyzer.errors import RuleError

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDER = Path("rules") / "catalogue"
_F = TypeVar("_F")


def built_in_catalogues() -> Path:
    """Return the folder of the catalogues that come with the package."""
    # A wheel carries the rules inside the package; a source checkout has them beside it.
    inside = _PACKAGE / _FOLDER
    return inside if inside.is_dir() else _PACKAGE.parent / _FOLDER


def read_catalogue_file(path: Path, form: type[_F]) -> _F:
    """Read a YAML file as what `form` describes.

    Raises:
        RuleError: It cannot be read, or is wrong; the message names file and line or key.
    """
    try:
        return msgspec.convert(read_yaml(path.read_text("utf-8"), str(path)), form)
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, msgspec.ValidationError) as error:
        raise RuleError(f"{path}: {' '.join(str(error).split())}") from error
