"""The nearest name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``did you mean 'cash'?`` for the nearest known name, or an empty string when none is near.

    Names that differ in capitals alone are near.
    """
    names = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(str(name).casefold(), names, n=1)
    return f"did you mean {names[near[0]]!r}?" if near else ""
