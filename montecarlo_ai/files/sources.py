"""The files that a scenario is made of: a file, the bases it names, the overlays laid over it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from montecarlo_ai.checks import Checks, Described, nearest, refused
from montecarlo_ai.errors import Problem, ScenarioError
from montecarlo_ai.files.document import (
    check_version,
    file_content,
    parse_document,
    preset_content,
    preset_names,
)
from montecarlo_ai.files.lines import placed
from montecarlo_ai.files.merging import bare_inputs, merged

MOST_BASES = 8
"""Files below a file."""


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes
    ----------
    label : str
        What it was called: the name of a preset or a path.
    text : str
    document : mapping
        Parsed; not to be changed.
    path : Path or None
        Where it lies, links resolved; None for a preset.
    """

    label: str
    text: str
    document: Mapping[str, Any]
    path: Path | None

    @property
    def folder(self) -> Path | None:
        """Folder of the file."""
        return None if self.path is None else self.path.parent


@dataclass(frozen=True)
class Layers:
    """A scenario as its files state it together.

    Attributes
    ----------
    document : mapping
        Flat: bases and overlays merged.
    sources : tuple of Source
        The file that has the last word first.
    bare : set of str
        Inputs whose numbers stand without units (see `merging.bare_inputs`).
    folder : Path or None
        Folder of the file that was asked for.
    """

    document: Mapping[str, Any]
    sources: tuple[Source, ...]
    bare: frozenset[str]
    folder: Path | None


def read_layers(name_or_path: str | os.PathLike[str], checks: Checks) -> Layers:
    """Return a scenario file with its bases merged.

    Parameters
    ----------
    name_or_path : str or path
        Name of a preset, or the path of a TOML file.
    checks : Checks
        Where problems of what a file changes in its base go, with their lines.

    Raises
    ------
    ScenarioError
        If there is no such preset or file, one cannot be read as TOML of this version, a base lies outside the folder
        of its file, or bases follow each other in a circle or deeper than eight.
    """
    source = read_source(name_or_path)
    return _with_bases(source.document, [source], source.folder, checks)


def layers_of(document: Mapping[str, Any], checks: Checks) -> Layers:
    """Return a document that has no file, with the preset that is its base merged; problems of that are recorded.

    Raises
    ------
    ScenarioError
        As `read_layers`; a base beside a file needs one.
    """
    return _with_bases(document, [], None, checks)


def read_source(name_or_path: str | os.PathLike[str]) -> Source:
    """Return a preset or a file.

    Raises
    ------
    ScenarioError
        If it cannot be read as TOML of this version.
    """
    if isinstance(name_or_path, str) and name_or_path in preset_names():
        return _preset(name_or_path)
    content = file_content(name_or_path)
    return source_of(content, str(name_or_path), _resolved(Path(name_or_path)))


def source_of(content: bytes, label: str, path: Path | None) -> Source:
    """Return the bytes of a file as a source, parsed.

    Raises
    ------
    ScenarioError
        If they are no TOML of this version.
    """
    document = parse_document(content, label)
    check_version(document)
    return Source(label, content.decode("utf-8"), document, path)


@cache
def _preset(name: str) -> Source:
    """Return a preset; it does not change while the library is loaded."""
    return source_of(preset_content(name), name, None)


def _with_bases(document: Mapping[str, Any], sources: Sequence[Source], folder: Path | None, checks: Checks) -> Layers:
    """Return a document merged into the bases below it; problems of merging are recorded."""
    chain, layers = list(sources), [document]
    while "base" in layers[-1]:
        source = _base(layers[-1]["base"], chain[-1] if chain else None)
        names = [known.label if known.path is None else str(known.path) for known in (*chain, source)]
        if len(set(names)) < len(names):
            raise _wrong(names[-1], f"makes a circle of bases: {' -> '.join(known.label for known in chain)}")
        if len(layers) > MOST_BASES:
            raise _wrong(layers[-1]["base"], f"is more than {MOST_BASES} files below the scenario")
        chain.append(source)
        layers.append(source.document)
    flat: dict[str, Any] = dict(layers[-1])
    bare: frozenset[str] = frozenset()
    merging = Checks()
    for layer in reversed(layers[:-1]):
        flat = merged(flat, {key: value for key, value in layer.items() if key != "base"}, merging)
        bare = bare_inputs(layer, bare)
    checks.problems += with_lines(merging.problems, chain)
    return Layers(flat, tuple(chain), bare, folder)


def _base(name: object, source: Source | None) -> Source:
    """Return the base that a file names: a preset, or a file in its own folder."""
    if not isinstance(name, str) or not name:
        raise _wrong(name, "must be the name of a preset or of a file beside this one")
    if name in preset_names():
        return _preset(name)
    remedy = nearest(name, preset_names())
    if source is None:
        raise _wrong(name, "is no preset, and without a file there is nothing beside it", remedy)
    if source.folder is None:
        raise _wrong(name, "is no preset", remedy)
    path = file_inside(source.folder, name, "base")
    if not is_file(path):
        raise _wrong(name, f"is neither a preset nor a file in {source.folder}", remedy)
    return source_of(file_content(path, field="base"), name, path)


def file_inside(folder: Path, name: str, field: str) -> Path:
    """Return the path of a file that another file names, links resolved.

    Parameters
    ----------
    folder : Path
        Folder of the file that names it.
    name : str
        Relative to the folder.
    field : str
        Dotted name of the key, for the error.

    Raises
    ------
    ScenarioError
        If the name leaves the folder: by ``..``, by being absolute, or by a link that leads out.
    """
    rule = f"must not leave the folder of the file that names it, {folder}"
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or Path(name).is_absolute() or parts[0] == "" or parts[0].endswith(":") or name.startswith("~"):
        raise ScenarioError(refused(field, name, rule, "put the file beside it").problems)
    path = _resolved(folder / name)
    if path is None or not path.is_relative_to(folder):
        value = name if path is None else Described(f"{name!r}, a link to {path},")
        raise ScenarioError(refused(field, value, rule, "put the file itself there").problems)
    return path


def _resolved(path: Path) -> Path | None:
    """Return a path with its links resolved; None where that fails, as for links in a circle or a null character."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def is_file(path: Path) -> bool:
    """Return whether there is such a file; a name that is too long or otherwise impossible is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def with_lines(
    problems: Iterable[Problem], sources: Sequence[Source], together: Mapping[str, Any] | None = None
) -> list[Problem]:
    """Return problems with the lines on which their fields stand; those of the file that was asked for need no label.

    Parameters
    ----------
    problems : iterable of Problem
    sources : sequence of Source
        The file that has the last word first.
    together : mapping, optional
        See `montecarlo_ai.files.lines.placed`.
    """
    labels = [source.label if place or source.path is None else "" for place, source in enumerate(sources)]
    named = zip(labels, sources, strict=True)
    return placed(problems, [(label, source.text, source.document) for label, source in named], together)


def overlaid(layers: Layers, source: Source, document: Mapping[str, Any]) -> Layers:
    """Return layers with one more file on top that made a new document of them."""
    bare = bare_inputs(source.document, layers.bare)
    return replace(layers, document=document, sources=(source, *layers.sources), bare=bare)


def _wrong(name: object, rule: str, remedy: str = "") -> ScenarioError:
    return ScenarioError(refused("base", name, rule, remedy).problems)
