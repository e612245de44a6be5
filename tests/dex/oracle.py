"""androguard as the oracle: both readers describe a DEX file in the same plain words."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.dex import CodeItem, DexFile, DexMethod, Instruction

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("PINSCOPE_SHARED", ROOT.parent / "shared"))
FIXTURES = Path(__file__).parent / "fixtures"

Row = tuple[Any, ...]
NO_INDEX = 0xFFFFFFFF


def dex_files(path: Path) -> list[tuple[str, bytes]]:
    """Return name and content of the DEX files of an APK, or of the DEX file itself."""
    if path.suffix == ".dex":
        return [(path.name, path.read_bytes())]
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/" not in name and name.endswith(".dex")]
        # An entry named classes.dex need not be one: some apps carry decoys.
        contents = [(name, archive.read(name)) for name in names]
    return [(name, content) for name, content in contents if content.startswith(b"dex\n")]


def dex_sizes(path: Path) -> list[int]:
    """Return the sizes of the DEX files of an APK, or of the DEX file itself, without reading them."""
    if path.suffix == ".dex":
        return [path.stat().st_size]
    with zipfile.ZipFile(path) as archive:
        return [info.file_size for info in archive.infolist() if info.filename.endswith(".dex")]


def ours(data: bytes, entry: str = "classes.dex") -> DexFile:
    """Return our reading of a DEX file."""
    (file,) = DexFile.parse(data, entry)
    return file


def theirs(data: bytes) -> Any:
    """Return androguard's reading of a DEX file."""
    from androguard.core import dex
    from loguru import logger

    logger.disable("androguard")
    return dex.DEX(data)


# --- tables ---


def our_tables(file: DexFile) -> dict[str, list[Row]]:
    """Describe every table of our reading, row by row."""
    tables = file.tables
    return {
        "strings": [(text,) for text in (file.strings[index] for index in range(len(file.strings)))],
        "types": [(tables.type(index),) for index in range(len(tables.type_strings))],
        "protos": [(tables.shorty(index), tables.proto(index)) for index in range(len(tables.proto_returns))],
        "fields": [_field(file.field(index)) for index in range(len(tables.field_names))],
        "methods": [_method(file.method(index)) for index in range(len(tables.method_names))],
        "classes": [
            (file.class_name(row), file.superclass(row), file.interfaces(row), int(tables.classes[row, 1]))
            for row in range(file.class_count)
        ],
    }


def _field(ref: Any) -> Row:
    return (ref.owner, ref.name, ref.type)


def _method(ref: Any) -> Row:
    return (ref.owner, ref.name, ref.descriptor)


def their_tables(dex: Any) -> dict[str, list[Row]]:
    """Describe every table of androguard's reading, row by row."""
    manager, header = dex.CM, dex.header
    protos = dex.map_list.get_item_type(_map_type("PROTO_ID_ITEM"))
    return {
        "strings": [(manager.get_string(index),) for index in range(header.string_ids_size)],
        "types": [(manager.get_type(index),) for index in range(header.type_ids_size)],
        "protos": [
            (
                proto.get_shorty_idx_value(),
                _packed(proto.get_parameters_off_value()) + proto.get_return_type_idx_value(),
            )
            for proto in (protos.get(index) for index in range(header.proto_ids_size))
        ],
        "fields": [
            (field.get_class_name(), field.get_name(), field.get_type())
            for field in (manager.get_field_ref(index) for index in range(header.field_ids_size))
        ],
        "methods": [
            (method.get_class_name(), method.get_name(), _packed(method.get_descriptor()))
            for method in (manager.get_method_ref(index) for index in range(header.method_ids_size))
        ],
        "classes": [
            (
                definition.get_name(),
                None if definition.superclass_idx == NO_INDEX else definition.get_superclassname(),
                tuple(definition.get_interfaces()),
                definition.get_access_flags(),
            )
            for definition in dex.get_classes()
        ],
    }


def _packed(descriptor: str) -> str:
    """androguard writes a blank between parameters."""
    return descriptor.replace(" ", "")


def _map_type(name: str) -> Any:
    from androguard.core.dex.dex_types import TypeMapItem

    return TypeMapItem[name]


# --- members ---


def our_members(file: DexFile) -> list[Row]:
    """Describe the defined fields and methods of our reading, class by class."""
    from analyzer.dex import DexClass

    rows: list[Row] = []
    for number in range(file.class_count):
        definition = DexClass(file, number)
        rows += [
            ("field", *_field(field.ref), field.is_static, field.access_flags, _plain(field.initial_value))
            for field in definition.fields
        ]
        rows += [
            ("method", *_method(method.ref), method.is_direct, method.access_flags, method.code_offset)
            for method in definition.methods
        ]
    return rows


def their_members(dex: Any) -> list[Row]:
    """Describe the defined fields and methods of androguard's reading, class by class."""
    rows: list[Row] = []
    for definition in dex.get_classes():
        data = definition.get_class_data()
        if data is None:
            continue
        static, direct = len(data.get_static_fields()), len(data.get_direct_methods())
        values = definition.static_values.value.get_values() if definition.static_values else []
        for number, field in enumerate([*data.get_static_fields(), *data.get_instance_fields()]):
            value = _their_value(values[number]) if number < min(static, len(values)) else None
            rows.append(
                ("field", field.get_class_name(), field.get_name(), field.get_descriptor(), number < static,
                 field.get_access_flags(), value)
            )  # fmt: skip
        for number, method in enumerate([*data.get_direct_methods(), *data.get_virtual_methods()]):
            rows.append(
                ("method", method.get_class_name(), method.get_name(), _packed(method.get_descriptor()),
                 number < direct, method.get_access_flags(), method.code_off)
            )  # fmt: skip
    return rows


def _plain(value: Any) -> Any:
    """Reduce one of our values to kind and content where androguard reads the kind at all."""
    if value is None:
        return None
    match value.kind:
        case "string" | "type":
            return (value.kind, value.value)
        case "null" | "boolean":
            return (value.kind, value.value)
        case "byte" | "short" | "char" | "int" | "long":
            return ("integer", value.value)
        case _:
            return ("other",)


def _their_value(value: Any) -> Any:
    kind, content = value.value_type, value.get_value()
    if kind in (0x17, 0x18):
        return ("string" if kind == 0x17 else "type", content)
    if kind in (0x1E, 0x1F):
        return ("null" if kind == 0x1E else "boolean", None if kind == 0x1E else bool(content))
    if kind in (0x00, 0x02, 0x03, 0x04, 0x06):
        # androguard reads every integer as unsigned, whatever its type: the sign is put right here.
        raw = _stored_integer(value)
        return ("integer", raw)
    return ("other",)


def _stored_integer(value: Any) -> int:
    size: int = value.value_arg + 1
    number: int = int(value.get_value()) & ((1 << 8 * size) - 1)
    if value.value_type != 0x03 and number >> (8 * size - 1):
        number -= 1 << 8 * size
    return number


# --- code ---


def our_code(method: DexMethod) -> list[Row]:
    """Describe the code of a method in our reading."""
    code = method.code()
    if code is None:
        return []
    assert code.damage is None and code.handlers_damage is None, f"{method.ref}: {code.damage}"
    rows: list[Row] = [(code.registers_size, code.ins_size, code.outs_size, code.tries_size)]
    rows += [_described(code, instruction) for instruction in code.instructions]
    rows += [
        (block.start, block.end, tuple((handler.type_index, handler.target) for handler in block.handlers))
        for block in code.try_blocks
    ]
    return rows


def _described(code: CodeItem, instruction: Instruction) -> Row:
    operands: Row = (instruction.registers, instruction.literal, instruction.index, instruction.proto)
    if instruction.opcode >= 0x100:
        from analyzer.dex.instructions import ArrayPayload, SwitchPayload, read_payload

        payload = read_payload(code.units, instruction.offset)
        if isinstance(payload, SwitchPayload):
            operands = (payload.keys, payload.targets)
        elif isinstance(payload, ArrayPayload):
            operands = (payload.element_bytes, payload.data)
    distance = None if instruction.target is None else instruction.target - instruction.offset
    return (instruction.offset, instruction.name, instruction.units, operands, distance)


def their_code(method: Any) -> list[Row]:
    """Describe the code of a method in androguard's reading."""
    code = method.get_code()
    if code is None:
        return []
    rows: list[Row] = [(code.registers_size, code.ins_size, code.outs_size, code.tries_size)]
    at = 0
    for instruction in code.get_bc().get_instructions():
        length = instruction.get_length() // 2
        rows.append((at, instruction.get_name(), length, *_their_operands(instruction)))
        at += length
    rows += _their_tries(code)
    return rows


def _their_tries(code: Any) -> Iterator[Row]:
    if not code.tries_size:
        return
    start = code.handlers.get_off()
    by_offset = {handler.get_off() - start: handler for handler in code.handlers.get_list()}
    for block in code.get_tries():
        handler = by_offset[block.get_handler_off()]
        caught = [(pair.get_type_idx(), pair.get_addr()) for pair in handler.get_handlers()]
        if handler.get_size() <= 0:
            caught.append((None, handler.get_catch_all_addr()))
        yield (block.get_start_addr(), block.get_start_addr() + block.get_insn_count(), tuple(caught))


def _their_operands(instruction: Any) -> tuple[Row, int | None]:
    """Return registers, literal, index and second index; and the distance of a branch."""
    from androguard.core.dex import Operand

    name = instruction.get_name()
    if name == "fill-array-data-payload":
        data = bytes(instruction.get_data())[: instruction.size * instruction.element_width]
        return (instruction.element_width, data), None
    if name.endswith("-switch-payload"):
        return (tuple(instruction.get_keys()), tuple(instruction.get_targets())), None
    if name == "invoke-polymorphic":
        # androguard has no operands for these; its fields hold them.
        registers = (instruction.C, instruction.D, instruction.E, instruction.F, instruction.G)[: instruction.A]
        return (registers, None, instruction.BBBB, instruction.HHHH), None
    if name == "invoke-polymorphic/range":
        registers = tuple(range(instruction.CCCC, instruction.CCCC + instruction.AA))
        return (registers, None, instruction.BBBB, instruction.HHHH), None
    if name in ("const-method-handle", "const-method-type"):
        # androguard looks the index up in the wrong table.
        return ((instruction.AA,), None, instruction.BBBB, None), None
    registers_seen: list[int] = []
    literal = index = distance = None
    for kind, value, *_ in instruction.get_operands():
        if kind == Operand.REGISTER:
            registers_seen.append(value)
        elif kind == Operand.LITERAL:
            literal = value
        elif kind == Operand.OFFSET:
            distance = value
        else:
            index = value
    return (tuple(registers_seen), literal, index, None), distance
