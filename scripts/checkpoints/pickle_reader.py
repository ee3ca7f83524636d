"""Reads pickles as data: plain values, and for the rest what the caller makes of the names of functions.

Python's own unpickler is made for pickles that are trusted: a few bytes let it reserve gigabytes, compare keys that are
nested exponentially deep, or run for ever. This one interprets the same language with bounds: the number of operations,
the size of numbers, keys that are scalars; nothing is reserved that the file does not hold. It takes time and memory
linear in the operations, about 100 bytes and a microsecond each.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Callable

from .tensors import CheckpointError

MAX_OPERATIONS = 2_000_000  # 10,000 tensors with the state of an optimiser are 900,000
MAX_INTEGER_BYTES = 64
MAX_KEY = 1 << 60  # larger ones have equal hashes by the thousand
_LINE = 4096  # longest text that ends with a line


class Placeholder:
    """Stands for an object that is not rebuilt."""

    __slots__ = ()


class Global:
    """The name of something that a pickle refers to."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name


class _Mark:
    __slots__ = ()


_MARK = _Mark()


class PickleReader:
    """One pickle after another from a file.

    `find_global(module, name)` says what a name stands for: a function of `call(*arguments)`, a plain value, or
    Placeholder. `find_storage(pid)` says what a persistent id stands for.
    """

    def __init__(self, file: BinaryIO, size: int, find_global: Callable[[str, str], Any],
                 find_storage: Callable[[Any], Any]):
        self.file, self.left = file, size
        self.find_global, self.find_storage = find_global, find_storage
        self.operations = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        self.stack, self.memo = [], {}
        steps, read = _STEPS, self.file.read
        while True:
            code = read(1)
            self.left -= 1
            self.operations += 1
            if code == b".":
                return self.pop()
            step = steps.get(code)
            if step is None:
                if not code:
                    raise CheckpointError("is no PyTorch checkpoint: a pickle ends early")
                raise CheckpointError(f"is no PyTorch checkpoint: a pickle holds the operation {code!r}")
            if self.operations > MAX_OPERATIONS:
                raise CheckpointError(f"describes its tensors in more than {MAX_OPERATIONS} operations; save "
                                      "model.state_dict() alone")
            step(self)

    def bytes(self, count: int) -> bytes:
        if count > self.left:
            raise CheckpointError("is no PyTorch checkpoint: a pickle is cut short")
        data = self.file.read(count)
        self.left -= count
        if len(data) < count:
            raise CheckpointError("is no PyTorch checkpoint: a pickle is cut short")
        return data

    def line(self) -> bytes:
        text = self.file.readline(_LINE)
        self.left -= len(text)
        if not text.endswith(b"\n"):
            raise CheckpointError("is no PyTorch checkpoint: a pickle is cut short")
        return text[:-1]

    def number(self, form: str) -> int:
        return struct.unpack(form, self.bytes(struct.calcsize(form)))[0]

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _damaged()
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _damaged()
        return self.stack[-1]

    def pop_mark(self) -> list[Any]:
        """What lies above the last mark, which goes."""
        at = len(self.stack) - 1
        while at >= 0 and self.stack[at] is not _MARK:
            at -= 1
        if at < 0:
            raise _damaged()
        items = self.stack[at + 1:]
        del self.stack[at:]
        return items

    def call(self, function: Any, arguments: Any) -> Any:
        if not callable(function) or function is Placeholder:
            return Placeholder()
        if not isinstance(arguments, tuple):
            raise _damaged()
        try:
            return function(*arguments)
        except TypeError:  # too few or too many
            raise _damaged() from None


def _damaged() -> CheckpointError:
    return CheckpointError("is no PyTorch checkpoint: a pickle is damaged")


def _key(key: Any) -> Any:
    """A key of a dictionary; what has no plain hash is replaced, and cannot be found again."""
    if isinstance(key, (str, bytes)) or key is None:
        return key
    if isinstance(key, int) and -MAX_KEY < key < MAX_KEY:
        return key
    return Placeholder()


def _set_items(target: Any, items: list[Any]) -> None:
    if len(items) % 2:
        raise _damaged()
    if isinstance(target, dict):
        for i in range(0, len(items), 2):
            target[_key(items[i])] = items[i + 1]
    elif not isinstance(target, Placeholder):
        raise _damaged()


def _append(target: Any, items: list[Any]) -> None:
    if isinstance(target, list):
        target.extend(items)
    elif not isinstance(target, Placeholder):
        raise _damaged()


def _text_integer(text: bytes) -> Any:
    if text in (b"00", b"01"):
        return text == b"01"
    if len(text) > 2 * MAX_INTEGER_BYTES:
        raise _damaged()
    try:
        return int(text.rstrip(b"L"))
    except ValueError:
        raise _damaged() from None


def _text_float(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        raise _damaged() from None


def _long(reader: PickleReader, size: int) -> int:
    if not 0 <= size <= MAX_INTEGER_BYTES:
        raise _damaged()
    return int.from_bytes(reader.bytes(size), "little", signed=True)


def _string(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _name(text: Any) -> str:
    return text if isinstance(text, str) else ""


def _global(reader: PickleReader, module: Any, name: Any) -> None:
    reader.stack.append(reader.find_global(_name(module), _name(name)))


def _stack_global(reader: PickleReader) -> None:
    name, module = reader.pop(), reader.pop()
    _global(reader, module, name)


def _text_global(reader: PickleReader) -> None:
    module, name = _string(reader.line()), _string(reader.line())
    _global(reader, module, name)


def _instance(reader: PickleReader) -> None:
    _text_global(reader)
    reader.pop()  # after it was allowed
    reader.pop_mark()
    reader.stack.append(Placeholder())


def _object(reader: PickleReader) -> None:
    reader.pop_mark()
    reader.stack.append(Placeholder())


def _reduce(reader: PickleReader) -> None:
    arguments, function = reader.pop(), reader.pop()
    reader.stack.append(reader.call(function, arguments))


def _new_object(reader: PickleReader, count: int) -> None:
    for _ in range(count):
        reader.pop()
    reader.stack.append(reader.call(reader.pop(), ()))


def _build(reader: PickleReader) -> None:
    reader.pop()  # the state of an object that is not rebuilt, or attributes of a dictionary
    reader.top()


def _get(reader: PickleReader, index: int) -> None:
    if index not in reader.memo:
        raise _damaged()
    reader.stack.append(reader.memo[index])


def _put(reader: PickleReader, index: int) -> None:
    reader.memo[index] = reader.top()


def _tuple(reader: PickleReader, count: int) -> None:
    items = [reader.pop() for _ in range(count)]
    reader.stack.append(tuple(reversed(items)))


def _dictionary(reader: PickleReader) -> None:
    items, made = reader.pop_mark(), {}
    _set_items(made, items)
    reader.stack.append(made)


def _set_item(reader: PickleReader) -> None:
    value, key = reader.pop(), reader.pop()
    _set_items(reader.top(), [key, value])


def _set_all(reader: PickleReader) -> None:
    items = reader.pop_mark()
    _set_items(reader.top(), items)


def _append_all(reader: PickleReader) -> None:
    items = reader.pop_mark()
    _append(reader.top(), items)


def _append_one(reader: PickleReader) -> None:
    item = reader.pop()
    _append(reader.top(), [item])


def _discard_marked(reader: PickleReader) -> None:
    reader.pop_mark()


def _add_to_set(reader: PickleReader) -> None:
    reader.pop_mark()
    reader.top()


def _frozen_set(reader: PickleReader) -> None:
    reader.pop_mark()
    reader.stack.append(Placeholder())


def _pop_any(reader: PickleReader) -> None:
    if not reader.stack:
        raise _damaged()
    reader.stack.pop()


def _persistent(reader: PickleReader) -> None:
    reader.stack.append(reader.find_storage(reader.pop()))


def _refuse_text_id(_: PickleReader) -> None:
    raise CheckpointError("refers to something that is no storage")


def _pusher(value: Callable[[PickleReader], Any]) -> Callable[[PickleReader], None]:
    def push(reader: PickleReader) -> None:
        reader.stack.append(value(reader))
    return push


# The protocols 0 to 5 but for what only trusted pickles hold: registered extensions and buffers outside of the file.
_STEPS: dict[bytes, Callable[[PickleReader], None]] = {
    b"\x80": lambda r: r.bytes(1) and None, b"\x95": lambda r: r.bytes(8) and None,
    b"(": _pusher(lambda r: _MARK), b"0": _pop_any, b"1": _discard_marked, b"2": _pusher(lambda r: r.top()),
    b"N": _pusher(lambda r: None), b"\x88": _pusher(lambda r: True), b"\x89": _pusher(lambda r: False),
    b"I": _pusher(lambda r: _text_integer(r.line())), b"L": _pusher(lambda r: _text_integer(r.line())),
    b"J": _pusher(lambda r: r.number("<i")), b"K": _pusher(lambda r: r.number("<B")),
    b"M": _pusher(lambda r: r.number("<H")), b"\x8a": _pusher(lambda r: _long(r, r.number("<B"))),
    b"\x8b": _pusher(lambda r: _long(r, r.number("<i"))),
    b"F": _pusher(lambda r: _text_float(r.line())), b"G": _pusher(lambda r: r.number(">d")),
    b"S": _pusher(lambda r: _string(r.line()[1:-1])), b"V": _pusher(lambda r: _string(r.line())),
    b"T": _pusher(lambda r: _string(r.bytes(r.number("<I")))), b"U": _pusher(lambda r: _string(r.bytes(r.number("<B")))),
    b"X": _pusher(lambda r: _string(r.bytes(r.number("<I")))), b"\x8c": _pusher(lambda r: _string(r.bytes(r.number("<B")))),
    b"\x8d": _pusher(lambda r: _string(r.bytes(r.number("<Q")))),
    b"B": _pusher(lambda r: r.bytes(r.number("<I"))), b"C": _pusher(lambda r: r.bytes(r.number("<B"))),
    b"\x8e": _pusher(lambda r: r.bytes(r.number("<Q"))), b"\x96": _pusher(lambda r: r.bytes(r.number("<Q"))),
    b"]": _pusher(lambda r: []), b"l": _pusher(lambda r: r.pop_mark()), b"a": _append_one, b"e": _append_all,
    b")": _pusher(lambda r: ()), b"t": _pusher(lambda r: tuple(r.pop_mark())), b"\x85": lambda r: _tuple(r, 1),
    b"\x86": lambda r: _tuple(r, 2), b"\x87": lambda r: _tuple(r, 3),
    b"}": _pusher(lambda r: {}), b"d": _dictionary, b"s": _set_item, b"u": _set_all,
    b"\x8f": _pusher(lambda r: Placeholder()), b"\x90": _add_to_set, b"\x91": _frozen_set,
    b"g": lambda r: _get(r, _text_integer(r.line())), b"h": lambda r: _get(r, r.number("<B")),
    b"j": lambda r: _get(r, r.number("<I")), b"p": lambda r: _put(r, _text_integer(r.line())),
    b"q": lambda r: _put(r, r.number("<B")), b"r": lambda r: _put(r, r.number("<I")),
    b"\x94": lambda r: _put(r, len(r.memo)),
    b"c": _text_global, b"\x93": _stack_global, b"i": _instance, b"o": _object, b"R": _reduce, b"b": _build,
    b"\x81": lambda r: _new_object(r, 1), b"\x92": lambda r: _new_object(r, 2),
    b"P": _refuse_text_id, b"Q": _persistent,
}
