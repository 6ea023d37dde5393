"""Objects and tables that stay as they were made: a result names its scenario by a hash, which must stay true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value", covariant=True)


class Table(Mapping[Key, Value]):
    """A copy of a mapping that cannot be changed; unlike that of `types`, it can be pickled.

    As there, a copy of it, and what ``|`` makes of it and another mapping, is a dict, which can be changed.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[Key, Value]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: Key) -> Value:
        return self._entries[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return repr(self._entries)

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**self._entries, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**other, **self._entries} if isinstance(other, Mapping) else NotImplemented

    def copy(self) -> dict[Key, Value]:
        """Return the entries in a dict of their own."""
        return dict(self._entries)


class Frozen:
    """An object whose attributes cannot be set once `_freeze` was called; a copy of it is itself."""

    _remedy = "make another"

    def _freeze(self) -> None:
        object.__setattr__(self, "_is_frozen", True)

    def __setattr__(self, name: str, value: object) -> None:
        if "_is_frozen" in self.__dict__:
            raise AttributeError(f"a {type(self).__name__} is frozen: {self._remedy} to change {name}")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is frozen: {name} cannot be deleted")

    def __copy__(self) -> Self:
        """Return the same object."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same object."""
        return self
