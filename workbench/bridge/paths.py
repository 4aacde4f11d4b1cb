"""Paths as the Jupyter server knows them."""

from __future__ import annotations

import os
from pathlib import Path


def below_root(folder: Path, path: str) -> str:
    """Return a path below the server's root; the whole path where it lies elsewhere.

    >>> below_root(Path("/srv"), "/elsewhere/book.ipynb")
    '/elsewhere/book.ipynb'
    """
    root = str(folder.resolve()) + os.sep
    return path.removeprefix(root).replace(os.sep, "/") if path.startswith(root) else path
