"""Finds the Optuna storages of a project: in its files, whoever made them, and where the user says."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from workbench.settings import Settings

_DEPTH = 3
_MOST_FILES = 5000
_SKIPPED = {"node_modules", "__pycache__", "site-packages", "artifacts", "runs"}
_JOURNAL_HEAD = 4096
_NOTED = "storages.txt"


def storage_urls(settings: Settings) -> list[str]:
    """Return the storages with studies in them, each as an Optuna storage URL or a journal file's path.

    ``OPTUNA_STORAGE`` names further ones, separated by commas.
    """
    named = [url.strip() for url in os.environ.get("OPTUNA_STORAGE", "").split(",") if url.strip()]
    found = []
    for path in _files(settings.project):
        if path.suffix in (".db", ".sqlite", ".sqlite3") and _is_optuna_database(path):
            found.append(f"sqlite:///{path}")
        elif path.suffix in (".log", ".journal") and _is_optuna_journal(path):
            found.append(str(path))
    return list(dict.fromkeys([*named, *_noted(settings), *sorted(found)]))


def note_storage(settings: Settings, url: str) -> None:
    """Remember a storage that a sweep uses, so that the panel lists its studies."""
    if url not in _noted(settings):
        path = settings.state_dir / _NOTED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # a URL may have a password
        with path.open("a") as file:
            file.write(url + "\n")


def _noted(settings: Settings) -> list[str]:
    try:
        urls = (settings.state_dir / _NOTED).read_text().splitlines()
    except OSError:
        return []
    files = {url: url.partition(":///")[2] if url.startswith("sqlite") else "" if "://" in url else url for url in urls}
    return [url for url, path in files.items() if not path or Path(path).exists()]


def _files(folder: Path) -> Iterator[Path]:
    """Yield files of the project, a few folders deep."""
    seen = 0
    for root, folders, names in os.walk(folder):
        depth = len(Path(root).relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED and (not name.startswith(".") or name == ".workbench") and depth < _DEPTH
        )
        for name in names:
            seen += 1
            if seen > _MOST_FILES:
                return
            yield Path(root) / name


def _is_optuna_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                return False
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0)
        try:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            connection.close()
    except (OSError, sqlite3.Error):
        return False
    return {"studies", "trials", "trial_values"} <= tables


def _is_optuna_journal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = file.read(_JOURNAL_HEAD).split(b"\n", 1)[0]
        return isinstance(line := json.loads(first), dict) and "op_code" in line
    except (OSError, ValueError):
        return False
