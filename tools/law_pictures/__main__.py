"""Draws the pictures of docs/model.md into docs/images, or into a folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.law_pictures import FOLDER, draw

for path in draw(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
    print(path)
