"""Resource configurations as app bundles keep them (AOSP, aapt2's ``Configuration.proto``), named as folders are."""

import re

from analyzer.apk.protobuf import WireError, fields, number_of, text_of
from analyzer.apk.resource_configuration import FIELDS, Configuration, read_configuration

_LOCALE = 3
_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?(?:-([A-Za-z0-9]{4,8}))?(?:-u-nu-([a-z]{3,8}))?",
    re.ASCII,
)
_LAYOUT_DIRECTION = {1: 0x40, 2: 0x80}
_LONG = {1: 0x20, 2: 0x10}
_ROUND = {1: 2, 2: 1}
_WIDE = {1: 2, 2: 1}
_DYNAMIC_RANGE = {1: 8, 2: 4}
_NIGHT = {1: 0x20, 2: 0x10}
_NAVIGATION_HIDDEN = {1: 4, 2: 8}


def read_proto_configuration(message: memoryview) -> Configuration:
    """Return the devices that a ``Configuration`` stands for; what cannot be read counts as the default."""
    numbers: dict[int, int] = {}
    locale = ""
    try:
        for number, value in fields(message):
            if number == _LOCALE:
                locale = text_of(value)
            elif isinstance(value, int):
                numbers[number] = number_of(value)
    except WireError:
        return Configuration()
    return read_configuration(_packed(numbers, locale))


def _packed(numbers: dict[int, int], locale: str) -> bytes:
    """Write a ``ResTable_config`` without its size, so that one function names all configurations."""

    def number(field: int, most: int = 0xFFFF) -> int:
        return min(numbers.get(field, 0), most)

    language, script, region, variant, numbering = _locale(locale)
    layout = number(10, 0x0F) | _LONG.get(number(11), 0) | _LAYOUT_DIRECTION.get(number(4), 0)
    return FIELDS.pack(
        number(1),
        number(2),
        language,
        region,
        number(15, 0xFF),
        number(19, 0xFF),
        number(18),
        number(21, 0xFF),
        number(23, 0xFF),
        number(20, 0x03) | _NAVIGATION_HIDDEN.get(number(22), 0),
        number(26, 0xFF),
        number(5),
        number(6),
        number(24),
        0,
        layout,
        number(16, 0x0F) | _NIGHT.get(number(17), 0),
        number(9),
        number(7),
        number(8),
        script,
        variant,
        _ROUND.get(number(12), 0),
        _WIDE.get(number(13), 0) | _DYNAMIC_RANGE.get(number(14), 0),
        0,
        0,
        numbering,
    )


def _locale(tag: str) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Return language, script, region, variant and numbering system as ``ResTable_config`` keeps them."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return b"", b"", b"", b"", b""
    language, script, region, variant, numbering = (part or "" for part in match.groups())
    return (
        _letters(language.lower(), ord("a")),
        script.capitalize().encode(),
        _letters(region.upper(), ord("0")),
        variant.lower().encode(),
        numbering.encode(),
    )


def _letters(text: str, base: int) -> bytes:
    """Pack two letters as they are, three into 15 bits (``packLanguageOrRegion``)."""
    if len(text) != 3:
        return text.encode()
    first, second, third = (ord(letter) - base & 0x7F for letter in text)
    return bytes((0x80 | third << 2 | second >> 3, (second << 5 | first) & 0xFF))
