"""The interpreter of pickles: opcodes to containers, numbers, text, and what `MAKERS` makes."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from inscape.errors import FormatError
from inscape.storage._pickle_makers import MAKERS, named
from inscape.storage._pickled import Array, Dtype, Items, Name, PickleLimits, Placeholder, Storage, Text, of

_LARGE = 128  # bytes of this length or more stay in the file; the smallest storage has twice as many
_LONGEST_LINE = 1 << 16
_SPARE = 64 << 20  # bytes that may be copied besides the file's own, twice


class Budget:
    """Opcodes that may still be read, and bytes that may still be copied, over all pickles of a file."""

    def __init__(self, operations: int, size: int) -> None:
        self.left, self.bytes = operations, 2 * size + _SPARE

    def spend(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise FormatError("its pickle has too many operations")

    def copy(self, size: int) -> None:
        self.bytes -= size
        if self.bytes < 0:
            raise FormatError("its pickle copies more bytes than it has")


class Window:
    """A file as `pickletools.genops` reads it."""

    def __init__(self, view: memoryview) -> None:
        self.view, self.at = view, 0

    def read(self, count: int) -> bytes:
        part = bytes(self.view[self.at : self.at + max(0, count)])
        self.at += len(part)
        return part

    def readline(self) -> bytes:
        ahead = bytes(self.view[self.at : self.at + _LONGEST_LINE])
        part = ahead[: ahead.find(b"\n") + 1]
        self.at += len(part)
        return part

    def tell(self) -> int:
        return self.at


@dataclass
class Machine:
    """Interprets one pickle.

    Attributes:
        window: Where it stands.
        budget: Opcodes that may still be read.
        limits: Where reading stops.
        storages: Finds the storage that a checkpoint refers to.
        archives: Reads what `torch.save` wrote inside the pickle; None where that is too deep.
        texts: Long texts that hold bytes, met so far.
        framed: Whether the pickle says beforehand how long its parts are, so that no text in it may grow.
    """

    window: Window
    budget: Budget
    limits: PickleLimits
    storages: Callable[[tuple[object, ...]], Storage | Placeholder] | None = None
    archives: Callable[[memoryview, Budget, PickleLimits], object] | None = None
    stack: list[object] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)
    texts: list[Text] = field(default_factory=list)
    framed: bool = False

    def run(self) -> object:
        """The object that the pickle describes."""
        for opcode, argument, _ in pickletools.genops(self.window):  # type: ignore[arg-type]
            self.budget.spend()
            name = opcode.name
            if name == "STOP":
                return self._pop()
            if name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _LITERALS:
                self.stack.append(self._literal(name, argument))
            elif (act := _ACTIONS.get(name)) is not None:
                act(self, argument)
            elif name == "FRAME":
                self.framed = True
            elif name != "PROTO":
                raise FormatError(f"its pickle uses {name}, which is not read from files")
        raise FormatError("its pickle has no end")

    def embedded(self, view: memoryview) -> object:
        """What `torch.save` wrote inside this pickle.

        Raises:
            FormatError: This pickle lies in another one already.
        """
        if self.archives is None:
            raise FormatError("archives lie in one another too deep")
        return self.archives(view, self.budget, self.limits)

    def spend(self, count: int) -> None:
        """Count values that are copied as operations, of which a file has so many."""
        self.budget.spend(count)

    def copy(self, size: int) -> None:
        """Count bytes that are copied, of which a file has so many."""
        self.budget.copy(size)

    def _literal(self, name: str, argument: object) -> object:
        """Long bytes stay in the file: a window ends where its argument does. Long texts know their place."""
        if isinstance(argument, bytes | bytearray) and len(argument) >= _LARGE:
            return self.window.view[self.window.at - len(argument) : self.window.at]
        if name == "BINUNICODE" and len(of(str, argument)) >= _LARGE and not self.framed:
            return Text(argument, self.window.at)
        return argument

    def _pop(self) -> object:
        if not self.stack or (self.marks and len(self.stack) <= self.marks[-1]):
            raise FormatError("its pickle takes more than there is")
        return self.stack.pop()

    def _top(self) -> object:
        if not self.stack:
            raise FormatError("its pickle takes more than there is")
        return self.stack[-1]

    def _to_mark(self) -> list[object]:
        if not self.marks:
            raise FormatError("its pickle takes more than there is")
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def mark(self, _: object) -> None:
        self.marks.append(len(self.stack))

    def pop(self, _: object) -> None:
        if self.marks and len(self.stack) == self.marks[-1]:
            self.marks.pop()
        else:
            self._pop()

    def pop_mark(self, _: object) -> None:
        self._to_mark()

    def dup(self, _: object) -> None:
        self.stack.append(self._top())

    def put(self, place: int) -> None:
        self.memo[int(place)] = self._top()

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self._top()

    def get(self, place: int) -> None:
        self.stack.append(self.memo[int(place)])

    def empty_dict(self, _: object) -> None:
        self.stack.append(Items())

    def empty_list(self, _: object) -> None:
        self.stack.append([])

    def empty_set(self, _: object) -> None:
        self.stack.append(set())

    def dictionary(self, _: object) -> None:
        taken = self._to_mark()
        self.stack.append(Items(zip(taken[::2], taken[1::2], strict=True)))

    def sequence(self, _: object) -> None:
        self.stack.append(self._to_mark())

    def tuple_to_mark(self, _: object) -> None:
        self.stack.append(tuple(self._to_mark()))

    def tuple1(self, _: object) -> None:
        self.stack.append((self._pop(),))

    def tuple2(self, _: object) -> None:
        second, first = self._pop(), self._pop()
        self.stack.append((first, second))

    def tuple3(self, _: object) -> None:
        third, second, first = self._pop(), self._pop(), self._pop()
        self.stack.append((first, second, third))

    def append(self, _: object) -> None:
        value = self._pop()
        self._extend(list, [value])

    def appends(self, _: object) -> None:
        self._extend(list, self._to_mark())

    def add_items(self, _: object) -> None:
        self._extend(set, self._to_mark())

    def _extend(self, kind: type[list[object]] | type[set[object]], values: list[object]) -> None:
        target = self._top()
        if not isinstance(target, Placeholder):
            held = of(kind, target)
            held.update(values) if isinstance(held, set) else held.extend(values)

    def frozen_set(self, _: object) -> None:
        self.stack.append(frozenset(self._to_mark()))

    def set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._put([(key, value)])

    def set_items(self, _: object) -> None:
        taken = self._to_mark()
        self._put(zip(taken[::2], taken[1::2], strict=True))

    def _put(self, pairs: Iterable[tuple[object, object]]) -> None:
        target = self._top()
        if isinstance(target, Placeholder):
            target.put(pairs)
        else:
            of(Items, target).update(pairs)

    def named(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(named(module, name))

    def named_on_stack(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self.stack.append(named(of(str, module), of(str, name)))

    def reduce(self, _: object) -> None:
        arguments = of(tuple, self._pop())
        self._call(self._pop(), arguments)

    def reduce_with_names(self, _: object) -> None:
        self._pop()
        self.reduce(_)

    def instance(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._call(named(module, name), tuple(self._to_mark()))

    def instance_on_stack(self, _: object) -> None:
        called, *arguments = self._to_mark()
        self._call(called, tuple(arguments))

    def _call(self, called: object, arguments: tuple[object, ...]) -> None:
        """Put the object on the stack that a pickle asks for: a placeholder where it is not a known one."""
        if isinstance(called, Placeholder):
            self.stack.append(Placeholder(called.module, called.name))
            return
        called = of(Name, called)
        maker = MAKERS.get((called.module, called.name))
        if maker is None:
            raise FormatError(f"its pickle calls {called.module}.{called.name}, which is not read from files")
        self.stack.append(maker(self, *arguments))

    def build(self, _: object) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, Items):
            target.attributes = state
        elif isinstance(target, Array):
            target.fill(*of(tuple, state))
        elif isinstance(target, Placeholder):
            target.build(state)
        elif isinstance(target, Dtype):
            order = of(tuple, state)[1]
            target.code = (order if order in ("<", ">") else "") + target.code
            target.finished()
        else:
            raise FormatError("its pickle changes an object that is not read from files")

    def persistent(self, _: object) -> None:
        if self.storages is None:
            raise FormatError("its pickle refers to objects outside of it")
        self.stack.append(self.storages(of(tuple, self._pop())))


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_ACTIONS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine.mark,
    "POP": Machine.pop,
    "POP_MARK": Machine.pop_mark,
    "DUP": Machine.dup,
    "PUT": Machine.put,
    "BINPUT": Machine.put,
    "LONG_BINPUT": Machine.put,
    "MEMOIZE": Machine.memoize,
    "GET": Machine.get,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "EMPTY_DICT": Machine.empty_dict,
    "EMPTY_LIST": Machine.empty_list,
    "EMPTY_SET": Machine.empty_set,
    "DICT": Machine.dictionary,
    "LIST": Machine.sequence,
    "TUPLE": Machine.tuple_to_mark,
    "TUPLE1": Machine.tuple1,
    "TUPLE2": Machine.tuple2,
    "TUPLE3": Machine.tuple3,
    "APPEND": Machine.append,
    "APPENDS": Machine.appends,
    "ADDITEMS": Machine.add_items,
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_items,
    "GLOBAL": Machine.named,
    "STACK_GLOBAL": Machine.named_on_stack,
    "REDUCE": Machine.reduce,
    "NEWOBJ": Machine.reduce,
    "NEWOBJ_EX": Machine.reduce_with_names,
    "INST": Machine.instance,
    "OBJ": Machine.instance_on_stack,
    "FROZENSET": Machine.frozen_set,
    "BUILD": Machine.build,
    "BINPERSID": Machine.persistent,
}
