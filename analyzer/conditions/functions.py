"""Python functions that conditions may call, with the types that CEL is told."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from analyzer.conditions.shapes import Shape, shape_of


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A named function with declared types. The implementation is pure and may raise `ValueError`."""

    name: str
    call: Callable[..., Any]
    parameters: tuple[tuple[str, Any], ...]
    """Names and annotations of the parameters that a condition passes."""
    returns: Any
    """The annotation of the result."""
    takes_context: bool
    """True when the first argument is the evaluation's context, which conditions do not pass."""

    @property
    def parameter_shapes(self) -> tuple[Shape, ...]:
        """The shapes of the arguments that a condition passes."""
        return tuple(shape_of(annotation) for _, annotation in self.parameters)

    @property
    def return_shape(self) -> Shape:
        """The shape of the result."""
        return shape_of(self.returns)


def describe_function(name: str, call: Callable[..., Any], *, context: type | None = None) -> Function:
    """Read a function's declared types.

    Args:
        name: The name in conditions.
        call: A function whose parameters and result are annotated.
        context: The type of the evaluation's context; a first parameter of this type is supplied by the
            evaluation.

    Raises:
        TypeError: An annotation is missing or has no counterpart in conditions, or a parameter is not positional.
    """
    hints = typing.get_type_hints(call)
    parameters: list[tuple[str, Any]] = []
    takes_context = False
    for index, parameter in enumerate(inspect.signature(call).parameters.values()):
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(f"{name}: parameter {parameter.name} is not positional")
        if parameter.default is not parameter.empty:
            raise TypeError(f"{name}: parameter {parameter.name} has a default, conditions pass every argument")
        if parameter.name not in hints:
            raise TypeError(f"{name}: parameter {parameter.name} has no type")
        if index == 0 and context is not None and hints[parameter.name] is context:
            takes_context = True
            continue
        parameters.append((parameter.name, hints[parameter.name]))
    if "return" not in hints:
        raise TypeError(f"{name}: the result has no type")
    function = Function(
        name=name, call=call, parameters=tuple(parameters), returns=hints["return"], takes_context=takes_context
    )
    # Both properties raise for a type that conditions cannot pass.
    _ = function.parameter_shapes, function.return_shape
    return function
