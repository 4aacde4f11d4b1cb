"""All declarations: for the magics, for the docs' tables, and as JSON for the panel's forms."""

from __future__ import annotations

import json
from typing import Any

from workbench.options.option import Command
from workbench.options.parser import Parser
from workbench.options.run import TRAIN
from workbench.options.serving import PUBLISH
from workbench.options.sweep import SWEEP
from workbench.options.verbs import CLUSTER, COMMAND_LINE, ENDPOINTS, RUNS

MAGICS: dict[str, Command] = {
    "%%train": TRAIN,
    "%%sweep": SWEEP,
    "%runs": RUNS,
    "%publish": PUBLISH,
    "%endpoints": ENDPOINTS,
    "%workbench": CLUSTER,
}
"""The command of each magic, as the user writes it."""


def declarations() -> dict[str, Any]:
    """Return every magic's command and the command line's, with all options, as JSON has them."""
    magics = {magic: command.to_json() for magic, command in MAGICS.items()}
    return {"magics": magics, "commandLine": COMMAND_LINE.to_json()}


def form_options() -> dict[str, Any]:
    """Return the options that the panel knows, by command and name."""
    known = {"train": TRAIN.options, "publish": PUBLISH.options}
    return {command: {one.name: one.to_json() for one in options} for command, options in known.items()}


def magic_parser(magic: str) -> Parser:
    """Return the parser of what follows a magic: ``%%train``."""
    return Parser(MAGICS[magic], prog=magic)


if __name__ == "__main__":  # python -m workbench.options.catalog > labextension/src/api/declarations.json
    print(json.dumps(form_options(), indent=2, ensure_ascii=False))
