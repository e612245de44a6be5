"""Names resource configurations by the folder suffix that makes them (AOSP, ``ResTable_config::toString``)."""

import struct
import zlib

from analyzer.model import Record

FIELDS = struct.Struct("<HH2s2sBBHBBBBHHHHBBHHH4s8sBBHB8s")
"""The members of ``ResTable_config`` without its size, in order."""

_LAYOUT_DIRECTION = {0x40: "ldltr", 0x80: "ldrtl"}
_SCREEN_SIZE = {1: "small", 2: "normal", 3: "large", 4: "xlarge"}
_SCREEN_LONG = {0x10: "notlong", 0x20: "long"}
_ROUND = {1: "notround", 2: "round"}
_WIDE_COLOUR = {1: "nowidecg", 2: "widecg"}
_DYNAMIC_RANGE = {4: "lowdr", 8: "highdr"}
_ORIENTATION = {1: "port", 2: "land", 3: "square"}
# 1 is the ordinary mode, which has no qualifier of its own.
_MODE = {1: "", 2: "desk", 3: "car", 4: "television", 5: "appliance", 6: "watch", 7: "vrheadset"}
_NIGHT = {0x10: "notnight", 0x20: "night"}
_DENSITY = {
    120: "ldpi",
    160: "mdpi",
    213: "tvdpi",
    240: "hdpi",
    320: "xhdpi",
    480: "xxhdpi",
    640: "xxxhdpi",
    0xFFFE: "anydpi",
    0xFFFF: "nodpi",
}
_TOUCH = {1: "notouch", 2: "stylus", 3: "finger"}
_KEYS_HIDDEN = {1: "keysexposed", 2: "keyshidden", 3: "keyssoft"}
_KEYBOARD = {1: "nokeys", 2: "qwerty", 3: "12key"}
_NAVIGATION_HIDDEN = {4: "navexposed", 8: "navhidden"}
_NAVIGATION = {1: "nonav", 2: "dpad", 3: "trackball", 4: "wheel"}
_GENDER = {1: "neuter", 2: "feminine", 3: "masculine"}
_MNC_ZERO = 0xFFFF


class Configuration(Record, frozen=True, kw_only=True):
    """The devices that a value is for."""

    qualifiers: str = ""
    """Folder suffix such as ``en-rUS-v28``; empty for the default configuration."""
    first_level: int = 0
    """Lowest API level that the value is for; 0 when it is for all."""


def read_configuration(raw: bytes) -> Configuration:
    """Read a ``ResTable_config`` without its leading size field; missing fields are zero."""
    fields = FIELDS.unpack(raw[: FIELDS.size].ljust(FIELDS.size, b"\0"))
    (
        mcc, mnc, language, region, orientation, touch, density, keyboard, navigation, input_flags, gender,
        width, height, level, minor, layout, mode, smallest_dp, width_dp, height_dp, script, variant, layout2,
        colour, _, computed, numbering,
    ) = fields  # fmt: skip
    parts = [
        f"mcc{mcc}" if mcc else "",
        f"mnc{0 if mnc == _MNC_ZERO else mnc:02d}" if mnc else "",
        _locale(language, region, b"" if computed else script, variant, numbering),
        _named(_GENDER, gender, "gender"),
        _named(_LAYOUT_DIRECTION, layout & 0xC0, "layoutDir"),
        f"sw{smallest_dp}dp" if smallest_dp else "",
        f"w{width_dp}dp" if width_dp else "",
        f"h{height_dp}dp" if height_dp else "",
        _named(_SCREEN_SIZE, layout & 0x0F, "screenSize"),
        _named(_SCREEN_LONG, layout & 0x30, "screenLong"),
        _named(_ROUND, layout2 & 0x03, "screenRound"),
        _named(_WIDE_COLOUR, colour & 0x03, "wideColor"),
        _named(_DYNAMIC_RANGE, colour & 0x0C, "hdr"),
        _named(_ORIENTATION, orientation, "orientation"),
        _named(_MODE, mode & 0x0F, "uiMode"),
        _named(_NIGHT, mode & 0x30, "uiModeNight"),
        _DENSITY.get(density, f"{density}dpi") if density else "",
        _named(_TOUCH, touch, "touchscreen"),
        _named(_KEYS_HIDDEN, input_flags & 0x03, "keysHidden"),
        _named(_KEYBOARD, keyboard, "keyboard"),
        _named(_NAVIGATION_HIDDEN, input_flags & 0x0C, "navHidden"),
        _named(_NAVIGATION, navigation, "navigation"),
        f"{width}x{height}" if width or height else "",
        (f"v{level}" + (f".{minor}" if minor else "")) if level or minor else "",
    ]
    rest = raw[FIELDS.size :]
    if any(rest):
        # Fields of platforms to come: tell such configurations apart without knowing their names.
        parts.append(f"unknown-{zlib.crc32(rest):08x}")
    return Configuration(qualifiers="-".join(part for part in parts if part), first_level=level)


def _named(names: dict[int, str], value: int, what: str) -> str:
    return names.get(value, f"{what}={value}") if value else ""


def _locale(language: bytes, region: bytes, script: bytes, variant: bytes, numbering: bytes) -> str:
    language_text, region_text = _letters(language, ord("a")), _letters(region, ord("0"))
    script_text, variant_text = _ascii(script), _ascii(variant)
    if not (script_text or variant_text or any(numbering)):
        if language_text and region_text:
            return f"{language_text}-r{region_text}"
        return language_text or (f"r{region_text}" if region_text else "")
    extension = f"u+nu+{_ascii(numbering)}" if any(numbering) else ""
    return "+".join(p for p in ("b", language_text, script_text, region_text, variant_text, extension) if p)


def _letters(packed: bytes, base: int) -> str:
    """Unpack two letters, or three that are packed into 15 bits (``unpackLanguageOrRegion``)."""
    first, second = packed
    if not first & 0x80:
        return _ascii(packed)
    letters = (second & 0x1F, (second & 0xE0) >> 5 | (first & 0x03) << 3, (first & 0x7C) >> 2)
    return "".join(chr(base + letter) for letter in letters)


def _ascii(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii", "backslashreplace")
