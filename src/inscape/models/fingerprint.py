"""A key of everything that decides what a network, or whatever else holds networks, computes now.

Caches are keyed by it. It takes in the weights as they are, edits included, buffers and plain attributes, and
the code: bytecode of what the user and Inscape wrote, with the constants and functions that it refers to, and
the version of what other packages wrote.
"""

from __future__ import annotations

import hashlib
import re
import sys
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property, partial
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from torch import nn

from inscape.models.weights import bytes_of, current_weights_hash
from inscape.storage import content_key

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), PurePath, range, slice)
_NAMED = (torch.dtype, torch.device, torch.memory_format, torch.layout, np.dtype)
_BUILT_IN = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, np.ufunc)
_INSIDE = {*vars(nn.Module()), "_compiled_call_impl"} - {"training"}
_OF_EVERY_CLASS = {"__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__firstlineno__"}
_OF_EVERY_CLASS |= {"__static_attributes__", "__abstractmethods__", "_abc_impl", "__parameters__"}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")


def fingerprint(thing: object) -> str | None:
    """A key of what something computes; None where hooks change it, or where that cannot be told.

    Args:
        thing: A network, or an object that holds some: a segmenter.
    """
    try:
        return content_key(sys.version_info[:2], torch.__version__, _Description().of(thing))
    except (_UntoldError, RecursionError):
        return None


class _UntoldError(Exception):
    """Something of which nobody knows whether it has changed."""


class _Description:
    """One walk through an object; what it meets again it names by its number."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._alive: list[object] = []

    def of(self, value: Any) -> object:
        """What decides how a value computes, as JSON.

        Raises:
            _UntoldError: It cannot be told.
        """
        if isinstance(value, _PLAIN):
            return [type(value).__name__, repr(value)]
        if isinstance(value, _NAMED):
            return str(value)
        if isinstance(value, torch.Tensor | np.ndarray | np.generic):
            return _numbers(value)
        if isinstance(value, list | tuple):
            return [type(value).__name__, *map(self.of, value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(str(_Description().of(each)) for each in value)]
        if isinstance(value, Mapping) and not hasattr(value, "__dict__"):
            return ["mapping", *([self.of(key), self.of(each)] for key, each in value.items())]
        if id(value) in self._met:
            return self._met[id(value)]
        self._met[id(value)] = len(self._met)
        self._alive.append(value)
        return self._of_object(value)

    def _of_object(self, value: Any) -> object:
        if isinstance(value, types.ModuleType):
            return value.__name__
        if isinstance(value, _BUILT_IN):
            return [str(getattr(value, "__module__", "")), value.__name__]
        if isinstance(value, types.FunctionType):
            return self._of_function(value)
        if isinstance(value, types.MethodType):
            return [self.of(value.__func__), self.of(value.__self__)]
        if isinstance(value, partial):
            return [self.of(each) for each in (value.func, value.args, value.keywords)]
        if isinstance(value, type):
            return self._of_class(value)
        if isinstance(value, Enum | re.Pattern):
            return repr(value)
        if isinstance(value, nn.Module):
            return self._of_module(value)
        if isinstance(value, torch.Generator) or not hasattr(value, "__dict__"):
            raise _UntoldError(repr(type(value)))
        inside = [self.of(dict(value))] if isinstance(value, Mapping) else []
        return [self.of(type(value)), self.of(dict(vars(value))), *inside]

    def _of_module(self, module: nn.Module) -> object:
        """A network: each of its modules, and the weights of all at once."""
        if any(getattr(part, name) for part in module.modules() for name in _HOOKS):
            raise _UntoldError("hooks")
        parts = [[name, *self._of_part(part)] for name, part in module.named_modules(remove_duplicate=False)]
        return [current_weights_hash(module), *parts]

    def _of_part(self, part: nn.Module) -> Iterator[object]:
        self._met.setdefault(id(part), len(self._met))
        yield self.of(type(part))
        yield self.of({name: value for name, value in vars(part).items() if name not in _INSIDE})
        yield self.of({name: part._buffers[name] for name in sorted(part._non_persistent_buffers_set)})

    def _of_function(self, function: types.FunctionType) -> object:
        wrapped = getattr(function, "__wrapped__", None)
        named = [_owner(function.__globals__.get("__name__")), function.__qualname__]
        if wrapped is not None and named[0] is not None:
            return [*named, self.of(wrapped)]
        held = [self.of(function.__defaults__), self.of(function.__kwdefaults__)]
        held += [self.of(_content(cell)) for cell in function.__closure__ or ()]
        if named[0] is not None:
            return [*named, *held]
        return [*named, *held, self._of_code(function.__code__, function.__globals__)]

    def _of_code(self, code: types.CodeType, known: Mapping[str, Any]) -> object:
        """The bytecode, and what it refers to."""
        inside = [
            self._of_code(each, known) if isinstance(each, types.CodeType) else self.of(each)
            for each in code.co_consts
        ]
        globals_ = [[name, self._of_global(known[name])] for name in code.co_names if name in known]
        return [code.co_code.hex(), list(code.co_names), inside, globals_]

    def _of_global(self, value: Any) -> object:
        """What code refers to by name: functions, classes and constants; of other objects only the class."""
        if isinstance(value, (*_PLAIN, *_NAMED, types.FunctionType, type, tuple)):
            return self.of(value)
        return f"{type(value).__module__}.{type(value).__qualname__}"

    def _of_class(self, kind: type) -> object:
        named = [kind.__module__, kind.__qualname__]
        owner = _owner(kind.__module__)
        if owner is not None:
            return [owner, *named]
        own = [
            [name, self._of_member(each)] for name, each in vars(kind).items() if name not in _OF_EVERY_CLASS
        ]
        return [*named, [self.of(base) for base in kind.__bases__], own]

    def _of_member(self, member: Any) -> object:
        if isinstance(member, staticmethod | classmethod):
            return self.of(member.__func__)
        if isinstance(member, property):
            return self.of(member.fget)
        if isinstance(member, cached_property):
            return self.of(member.func)
        try:
            return self.of(member)
        except _UntoldError:  # of a class, not of the object: slots, fields, schemas
            return type(member).__qualname__


def _owner(module: str | None) -> str | None:
    """The package, with its version, of code that others wrote; None for the user's and for Inscape's."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return top
    version = getattr(sys.modules.get(top), "__version__", None)
    return None if top == "inscape" or not isinstance(version, str) else f"{top} {version}"


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # of a function that is not made whole
        return None


def _numbers(value: torch.Tensor | np.ndarray[Any, Any] | np.generic) -> object:
    if isinstance(value, torch.Tensor):
        data, shape = bytes_of(value), list(value.shape)
    elif value.dtype.hasobject:
        raise _UntoldError("objects")
    else:
        data, shape = memoryview(np.ascontiguousarray(value).tobytes()), list(value.shape)
    return [str(value.dtype), shape, hashlib.sha256(data).hexdigest()]
