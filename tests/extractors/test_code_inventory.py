"""Which DEX files are read, and what is said of the others."""

import pytest

from analyzer.apk.errors import EntryError
from analyzer.extractors.code_inventory import read_dex_files, unread_parts
from analyzer.options import Limits


class App:
    """An app with these entries; None stands for one that cannot be read."""

    def __init__(self, **files: bytes | None) -> None:
        self._files = {name.replace("_", "."): content for name, content in files.items()}

    @property
    def dex_entries(self) -> tuple[str, ...]:
        return tuple(name for name in self._files if name.endswith(".dex"))

    def entries(self) -> tuple[str, ...]:
        return tuple(self._files)

    def read(self, entry: str) -> bytes:
        content = self._files[entry]
        if content is None:
            raise EntryError(f"{entry}: its compressed data is damaged")
        return content


def test_dex_files_are_read_in_load_order() -> None:
    app = App(classes_dex=b"dex\n035\0a", classes2_dex=b"dex\n035\0b", note_txt=b"")
    files, gaps = read_dex_files(app, Limits())
    assert files == [("classes.dex", b"dex\n035\0a"), ("classes2.dex", b"dex\n035\0b")]
    assert gaps == []


@pytest.mark.parametrize(("content", "why"), [(None, "damaged"), (b"not DEX", "header"), (b"", "header")])
def test_a_file_that_cannot_be_read_makes_the_analysis_incomplete(content: bytes | None, why: str) -> None:
    files, (gap,) = read_dex_files(App(classes_dex=content, classes2_dex=b"dex\n035\0"), Limits())
    assert [name for name, _ in files] == ["classes2.dex"]
    assert (gap.reason, gap.subject, gap.incomplete) == ("unreadable", "classes.dex", True)
    assert why in gap.detail and "pin" in gap.hides


def test_beyond_the_limit_files_are_left_out_with_the_reason() -> None:
    app = App(classes_dex=b"dex\n1", classes2_dex=b"dex\n2", classes3_dex=b"dex\n3")
    files, (gap,) = read_dex_files(app, Limits(dex_entries=2))
    assert [name for name, _ in files] == ["classes.dex", "classes2.dex"]
    assert (gap.reason, gap.subject, gap.incomplete) == ("limit", "3 DEX files", True)


def test_native_libraries_are_named_as_not_analysed() -> None:
    names = tuple(f"lib{number}.so" for number in range(7))
    gap = next(gap for gap in unread_parts(App(classes_dex=b""), names) if gap.hides == ("native",))
    assert gap.subject.startswith("lib0.so") and gap.subject.endswith("…") and not gap.incomplete
