"""Completion of the magics' words in IPython."""

from __future__ import annotations

from typing import Any

from workbench.api.endpoints import endpoints_overview
from workbench.api.project import current_project
from workbench.errors import WorkbenchError
from workbench.options.catalog import MAGICS, magic_parser
from workbench.tracking.registry import Registry

NAMES = {magic.lstrip("%"): magic for magic in MAGICS}
"""The magics as the user writes them, by name."""


def documentation(name: str) -> str:
    """Return the help of a magic."""
    return magic_parser(NAMES[name]).format_help()


def register_completion(shell: Any) -> None:
    """Complete options, verbs, choices, and names of runs, endpoints and models."""

    def complete(_completer: Any, event: Any) -> list[str]:
        words = event.line.split()
        name = words[0].lstrip("%") if words else ""
        if name not in NAMES:
            return []
        return completions(name, words[1:], event.symbol)

    for name in NAMES:
        shell.set_hook("complete_command", complete, re_key=rf"%{{1,2}}{name}\b")


def completions(name: str, words: list[str], symbol: str) -> list[str]:
    """Return what may come next after a magic."""
    magic = NAMES[name]
    if symbol.startswith("-"):
        return [option for option in magic_parser(magic).option_names() if option.startswith(symbol)]
    before = words[-1 if not symbol else -2 :][:1]
    choices = [word for one in MAGICS[magic].all_options if before and before[0] in one.flags for word in one.choices]
    if choices:
        return [word for word in choices if word.startswith(symbol)]
    verbs = list(MAGICS[magic].verb_names) if len(words) <= 1 else []
    return [word for word in [*verbs, *_names(name, before)] if word.startswith(symbol)]


def _names(magic: str, before: list[str]) -> list[str]:
    """Return the names that a magic takes: of runs, endpoints or registered models."""
    project = current_project()
    try:
        if magic == "runs" or before == ["--resume"]:
            return list(dict.fromkeys(record.name for record in project.store.search(limit=30)))
        if magic == "endpoints":
            return [one["name"] for one in endpoints_overview(project)["endpoints"]]
        if magic == "publish":
            return [model.name for model in Registry(project.store).models()]
    except WorkbenchError:
        pass
    return []
