"""Scenario files as documents: found, read within bounds, parsed, and written again."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from montecarlo_ai.checks import Described, refused
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.merging import plain
from montecarlo_ai.files.schema import SCHEMA_VERSION
from montecarlo_ai.suggest import did_you_mean

LARGEST_FILE = 2**20
DEEPEST_NESTING = 16
_LONG_KEY = re.compile(r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){64}""")
"""A dotted key of many parts, over which tomllib takes a time that grows with their square."""


def preset_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the library, sorted."""
    folder = resources.files("montecarlo_ai") / "scenarios"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def preset_content(name: str) -> bytes:
    """Return the bytes of a preset's file."""
    return (resources.files("montecarlo_ai") / "scenarios" / f"{name}.toml").read_bytes()


def parse_document(content: bytes, name: str) -> dict[str, Any]:
    """Return TOML as a plain dict.

    Parameters
    ----------
    content : bytes
        UTF-8 text without a byte order mark, at most 1 MiB, tables nested at most 16 deep.
    name : str
        What errors call it.

    Raises
    ------
    ScenarioError
        If it is none of that; errors of the syntax name line and column.
    """
    if len(content) > LARGEST_FILE:
        raise _unreadable(name, f"is larger than {LARGEST_FILE // 2**20} MiB")
    if content.startswith(b"\xef\xbb\xbf"):
        raise _unreadable(name, "begins with a byte order mark", "save it as UTF-8 without one")
    too_deep = _unreadable(name, f"nests deeper than {DEEPEST_NESTING} levels")
    try:
        text = content.decode("utf-8")
        if _LONG_KEY.search(text):
            raise too_deep
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(name, f"is not UTF-8 (line {line})") from None
    except RecursionError:
        raise too_deep from None
    except ScenarioError:
        raise
    except ValueError as error:
        said = str(error).partition(";")[0]  # beyond it Python's advice on integers of thousands of digits
        raise _unreadable(name, f"is not TOML: {said}") from None
    if _depth(document) > DEEPEST_NESTING:
        raise too_deep
    return document


def document_to_toml(document: Mapping[str, Any]) -> str:
    """Return a scenario's document as the text of a scenario file, which reads back to the same document.

    Parameters
    ----------
    document : mapping
        Plain values, as `Scenario.document` has them; numpy's numbers and tuples are written as Python's.
    """
    return tomli_w.dumps(plain(document))


def file_content(path: str | os.PathLike[str], field: str = "scenario", known: Sequence[str] | None = None) -> bytes:
    """Return the bytes of a file, one more than allowed at most.

    Parameters
    ----------
    path : str or path
        Text that has no ending ``.toml`` and names no folder is taken as a name that comes with the library.
    field : str
        What errors call it.
    known : sequence of str, optional
        The names that come with the library; those of the presets, if not given.

    Raises
    ------
    ScenarioError
        If there is no such file, or it cannot be read.
    """
    known = preset_names() if known is None else known
    if not isinstance(path, str | os.PathLike):
        raise _unreadable(path, "must be a name that comes with the library or the path of a file", field=field)
    text = os.fspath(path)
    named_like_a_file = text.endswith(".toml") or os.sep in text or isinstance(path, os.PathLike)
    try:
        if not named_like_a_file and not Path(text).is_file():
            near, listed = did_you_mean(text, known), f"known: {', '.join(known)}"
            remedy = (f"{near} ({listed})" if near else listed) if known else "give the path of a file"
            raise _unreadable(text, "is neither a name that comes with the library nor a file", remedy, field)
        with open(text, "rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _unreadable(text, f"cannot be read: {error.strerror or error}", field=field) from None
    except ValueError as error:
        if isinstance(error, ScenarioError):
            raise
        raise _unreadable(text, f"is no path: {error}", field=field) from None


def check_version(document: Mapping[str, Any]) -> None:
    """Raise unless the document is of a version that this library reads.

    Raises
    ------
    ScenarioError
        That says to upgrade, if the version is newer.
    """
    version = document.get("schema_version")
    if version == SCHEMA_VERSION and type(version) is int:
        return
    rule = f"must be {SCHEMA_VERSION}"
    remedy = ""
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        rule = f"is newer than this library reads ({SCHEMA_VERSION})"
        remedy = "upgrade: pip install --upgrade montecarlo-ai"
    value = Described("nothing") if version is None else version
    raise ScenarioError(refused("schema_version", value, rule, remedy).problems)


def _depth(document: object) -> int:
    """Return how deep tables and lists nest."""
    deepest, waiting = 0, [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Mapping | list):
            deepest = max(deepest, depth)
            waiting += [(item, depth + 1) for item in (value.values() if isinstance(value, Mapping) else value)]
    return deepest


def _unreadable(name: object, rule: str, remedy: str = "", field: str = "scenario") -> ScenarioError:
    """Return the error of a file that is no document."""
    return ScenarioError(refused(field, name, rule, remedy).problems)
