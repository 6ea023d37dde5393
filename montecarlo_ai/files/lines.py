"""Where in the text of a scenario file something stands: lines of tables and keys by dotted path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from montecarlo_ai.errors import Problem
from montecarlo_ai.files.merging import table_of

Path = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*({_KEYS})\s*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[\]{}]')
_FIELD_PART = re.compile(r"\[(\d+)\]|\[[^\]]*\]|[^.\[\]]+")


def lines_of(text: str, document: Mapping[str, Any]) -> dict[Path, int]:
    """Return the lines, from 1, on which the tables and keys of a TOML text begin.

    Parameters
    ----------
    text : str
        TOML that has been parsed without an error.
    document : mapping
        What it was parsed into. Only places that exist in it are returned, so that a misread line names nothing.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    count: dict[Path, int] = {}
    inside = _Inside()
    for number, line in enumerate(text.split("\n"), start=1):
        if not inside:
            header, assignment = _HEADER.match(line), _ASSIGNMENT.match(line)
            if header is not None:
                table = _with_indices(_keys(header[2]), count)
                if header[1] == "[[":
                    count[table] = count.get(table, -1) + 1
                    table = (*table, count[table])
                found.setdefault(table, number)
                continue
            if assignment is not None:
                found.setdefault((*table, *_keys(assignment[1])), number)
        inside.read(line)
    return {path: number for path, number in found.items() if _exists(document, path)}


def placed(
    problems: Iterable[Problem],
    files: Sequence[tuple[str, str, Mapping[str, Any]]],
    together: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """Return problems with the lines on which their fields stand, where they are found.

    Parameters
    ----------
    problems : iterable of Problem
        Their fields are dotted names, as far as they are about a file.
    files : sequence of (label, text, document)
        The files that make the scenario, the one that has the last word first. A key that none of them has stands
        with the table that it belongs to.
    together : mapping, optional
        What the files state together: a field that counts contracts, such as ``contracts[1]``, counts those of this.
    """
    known = [(label, document, lines_of(text, document)) for label, text, document in files]
    return [_placed(problem, known, together or {}) for problem in problems]


def _placed(
    problem: Problem,
    known: Sequence[tuple[str, Mapping[str, Any], Mapping[Path, int]]],
    together: Mapping[str, Any],
) -> Problem:
    """Return a problem with its line in the uppermost file that states the field, or else the table it belongs to."""
    for missing in (0, 1):
        for label, document, lines in known:
            path = _path_of(problem.field, document, together)
            path = path[: len(path) - missing]
            number = _line(path, document, lines) if path and _exists(document, path) else None
            if number is not None:
                return replace(problem, place=f"{label} line {number}".strip())
    return problem


def _line(path: Path, document: Mapping[str, Any], lines: Mapping[Path, int]) -> int | None:
    """Return the line of what a document has at a path.

    That of its own; of a table that is stated by dotted keys alone, its first; of what stands inside brackets, that of
    the key before them.
    """
    if path not in lines:
        keys = [(*path, key) for key, value in table_of(_at(document, path)).items() if not _has_tables(value)]
        of_keys = [lines[key] for key in keys if key in lines]
        if of_keys:
            return min(of_keys)
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def _path_of(field: str, document: Mapping[str, Any], together: Mapping[str, Any]) -> Path:
    """Return the keys of a dotted field; contracts by counterparty become their place in the document's list."""
    path: list[str | int] = []
    for match in _FIELD_PART.finditer(field.partition(": ")[0]):
        part = match[0]
        if part.startswith("[") and match[1] is None:  # such as correlation[a, b]: names, and no place
            break
        path.append(part if match[1] is None else int(match[1]))
    if path[:1] == ["contracts"] and len(path) > 1:
        counterparties = [_counterparty(entry) for entry in _listed(document.get("contracts"))]
        whose = _counterparty(_at(together, ("contracts", path[1]))) if isinstance(path[1], int) else path[1]
        if isinstance(whose, str) and _item(counterparties, path[1]) != whose:
            path[1] = counterparties.index(whose) if counterparties.count(whose) == 1 else -1
    while path and isinstance(path[-1], int) and len(path) > 2:  # an item of a list stands where its key does
        path.pop()
    return tuple(path)


class _Inside:
    """Whether a line begins inside a value: a text of several lines, or brackets that are open."""

    def __init__(self) -> None:
        self.quote, self.depth = "", 0

    def __bool__(self) -> bool:
        return bool(self.quote) or self.depth > 0

    def read(self, line: str) -> None:
        """Go to the end of a line."""
        at = 0
        while at < len(line):
            if self.quote:
                end = _closing(line, self.quote, at)
                if end < 0:
                    return
                at, self.quote = end, ""
                continue
            token = _TOKEN.search(line, at)
            if token is None or token[0].startswith("#"):
                return
            at = token.end()
            if token[0] in ('"""', "'''"):
                self.quote = token[0]
            elif token[0] in "[{":
                self.depth += 1
            elif token[0] in "]}":
                self.depth -= 1


def _closing(line: str, quote: str, at: int) -> int:
    """Return where a text of several lines ends on this line, or -1."""
    pattern = r'(?:[^"\\]|\\.|"(?!""))*"""+' if quote == '"""' else r"(?:[^']|'(?!''))*'''+"
    match = re.compile(pattern).match(line, at)
    return match.end() if match else -1


def _keys(text: str) -> tuple[str, ...]:
    """Return the parts of a dotted key."""
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_KEY, text))


def _with_indices(keys: tuple[str, ...], count: Mapping[Path, int]) -> Path:
    """Return a table's path with the place in each list of tables that it runs through."""
    path: Path = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in count:
            path = (*path, count[path])
    return (*path, *keys[-1:])


def _exists(document: object, path: Path) -> bool:
    """Return whether a document has something at a path."""
    return _at(document, path) is not None


def _at(document: Any, path: Path) -> Any:
    """Return what a document has at a path; None, which no TOML has, if nothing is there."""
    for part in path:
        if isinstance(part, int):
            document = document[part] if isinstance(document, list) and 0 <= part < len(document) else None
        else:
            document = document.get(part) if isinstance(document, Mapping) else None
    return document


def _has_tables(value: object) -> bool:
    """Return whether a value is a table, or a list of tables."""
    return isinstance(value, Mapping) or any(isinstance(item, Mapping) for item in _listed(value))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _item(items: Sequence[Any], at: str | int) -> Any:
    return items[at] if isinstance(at, int) and at < len(items) else None


def _counterparty(entry: object) -> object:
    return entry.get("counterparty") if isinstance(entry, Mapping) else None
