"""Scenario files as documents: found, read within bounds, parsed, and written again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from montecarlo_ai.checks import nearest, refused
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.scenario_schema import SCHEMA_VERSION

LARGEST_FILE = 2**20
DEEPEST_NESTING = 16


def preset_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the library, sorted."""
    folder = resources.files("montecarlo_ai") / "scenarios"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def read_document(name_or_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a scenario file as a plain dict of the version of its form that this library reads.

    Parameters
    ----------
    name_or_path : str or path
        Name of a preset, or the path of a TOML file.

    Raises
    ------
    ScenarioError
        If there is no such preset or file, or it cannot be read as TOML of this version.
    """
    if isinstance(name_or_path, str) and name_or_path in preset_names():
        content = (resources.files("montecarlo_ai") / "scenarios" / f"{name_or_path}.toml").read_bytes()
    else:
        content = _file_content(name_or_path)
    document = parse_document(content, str(name_or_path))
    _check_version(document)
    return document


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
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(name, f"is not UTF-8 (line {line})") from None
    except RecursionError:
        raise _unreadable(name, f"nests deeper than {DEEPEST_NESTING} levels") from None
    except ValueError as error:
        raise _unreadable(name, f"is not TOML: {error}") from None
    if _depth(document) > DEEPEST_NESTING:
        raise _unreadable(name, f"nests deeper than {DEEPEST_NESTING} levels")
    return document


def document_to_toml(document: Mapping[str, Any]) -> str:
    """Return a scenario's document as the text of a scenario file, which reads back to the same document.

    Parameters
    ----------
    document : mapping
        Plain values, as `Scenario.document` has them; numpy's numbers and tuples are written as Python's.
    """
    return tomli_w.dumps(_plain(document))


def _file_content(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file, one more than allowed at most."""
    if not isinstance(path, str | os.PathLike):
        raise _unreadable(path, "must be the name of a preset or the path of a file")
    text = os.fspath(path)
    named_like_a_file = text.endswith(".toml") or os.sep in text or isinstance(path, os.PathLike)
    try:
        if not named_like_a_file and not Path(text).is_file():
            known = preset_names()
            remedy = f"{nearest(text, known)} (presets: {', '.join(known)})" if known else "give the path of a file"
            raise _unreadable(text, "is neither a preset nor a file", remedy)
        with open(text, "rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _unreadable(text, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        if isinstance(error, ScenarioError):
            raise
        raise _unreadable(text, f"is no path: {error}") from None


def _check_version(document: Mapping[str, Any]) -> None:
    """Raise unless the document is of a version that this library reads."""
    version = document.get("schema_version")
    if version == SCHEMA_VERSION and type(version) is int:
        return
    rule = f"must be {SCHEMA_VERSION}"
    remedy = ""
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        rule = f"is newer than this library reads ({SCHEMA_VERSION})"
        remedy = "upgrade: pip install --upgrade montecarlo-ai"
    raise ScenarioError(refused("schema_version", version, rule, remedy).problems)


def _depth(document: object) -> int:
    """Return how deep tables and lists nest."""
    deepest, waiting = 0, [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Mapping | list):
            deepest = max(deepest, depth)
            waiting += [(item, depth + 1) for item in (value.values() if isinstance(value, Mapping) else value)]
    return deepest


def _plain(value: Any) -> Any:
    """Return a value in the types that TOML has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _unreadable(name: object, rule: str, remedy: str = "") -> ScenarioError:
    """Return the error of a file that is no document."""
    return ScenarioError(refused("scenario", name, rule, remedy).problems)
