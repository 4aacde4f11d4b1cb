"""Completion of the magics' words in IPython."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.api.endpoints import endpoints_overview
from workbench.api.project import current_project
from workbench.errors import WorkbenchError
from workbench.options.parsers import (
    RUN_VERBS,
    Parser,
    runs_parser,
    sweep_parser,
    train_parser,
    workbench_parser,
)
from workbench.options.serving_parsers import ENDPOINT_VERBS, endpoints_parser, publish_parser
from workbench.sweeps.study import PRUNERS, SAMPLERS
from workbench.tracking.registry import Registry

PARSERS: dict[str, Callable[[], Parser]] = {
    "train": train_parser,
    "sweep": sweep_parser,
    "runs": runs_parser,
    "publish": publish_parser,
    "endpoints": endpoints_parser,
    "workbench": workbench_parser,
}


NAMES = tuple(PARSERS)


def documentation(name: str) -> str:
    return PARSERS[name]().format_help()


def register_completion(shell: Any) -> None:
    """Complete options, verbs and names of runs."""

    def complete(_completer: Any, event: Any) -> list[str]:
        words = event.line.split()
        name = words[0].lstrip("%") if words else ""
        if name not in NAMES:
            return []
        return completions(name, words[1:], event.symbol)

    for name in NAMES:
        shell.set_hook("complete_command", complete, re_key=rf"%{{1,2}}{name}\b")


def completions(name: str, words: list[str], symbol: str) -> list[str]:
    """What may come next after a magic."""
    if symbol.startswith("-"):
        return [option for option in PARSERS[name]().option_names() if option.startswith(symbol)]
    before = words[-1 if not symbol else -2 :][:1]
    if name == "sweep" and before in (["--sampler"], ["--pruner"]):
        return [word for word in (SAMPLERS if before == ["--sampler"] else PRUNERS) if word.startswith(symbol)]
    if name == "workbench":
        return [verb for verb in ("status", "up", "down", "doctor") if verb.startswith(symbol)]
    if name in ("publish", "endpoints"):
        return _served(name, words, symbol)
    takes_run = (name == "train" and before == ["--resume"]) or name == "runs"
    found = [verb for verb in RUN_VERBS if verb.startswith(symbol)] if name == "runs" and len(words) <= 1 else []
    if takes_run:
        try:
            names = dict.fromkeys(record.name for record in current_project().store.search(limit=30))
        except WorkbenchError:
            names = {}
        found += [run for run in names if run.startswith(symbol)]
    return found


def _served(name: str, words: list[str], symbol: str) -> list[str]:
    """Names of endpoints, and after ``%publish`` of registered models."""
    found = list(ENDPOINT_VERBS) if name == "endpoints" and len(words) <= 1 else []
    try:
        if name == "endpoints":
            found += [one["name"] for one in endpoints_overview(current_project())["endpoints"]]
        else:
            found += [model.name for model in Registry(current_project().store).models()]
    except WorkbenchError:
        pass
    return [word for word in found if word.startswith(symbol)]
