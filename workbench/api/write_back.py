"""Writes the values of a trial into a sweep's cell: its constants become those, and it trains with them."""

from __future__ import annotations

import argparse
import ast
from typing import Any

from workbench.cell.swept import literals_of
from workbench.errors import OptionError
from workbench.options.parsers import split, sweep_parser
from workbench.options.run import parse_names
from workbench.sweeps.space import parse_space

_KEPT = "# "


def write_back(cell: str, values: dict[str, Any]) -> str:
    """The cell as a ``%%train`` cell with these values.

    >>> print(write_back('%%sweep t --space "lr=float(0,1)" --goal "min loss"\\nlr = 0.5  # rate', {"lr": 0.1}))
    %%train t
    # %%sweep t --space "lr=float(0,1)" --goal "min loss"
    lr = 0.1  # rate

    The ``%%sweep`` line stays as a comment. A name that the cell takes from the notebook gets a line of its own.

    Raises ``OptionError`` when the cell is no sweep, or cannot be read.
    """
    first, _, body = cell.partition("\n")
    if not first.startswith("%%sweep"):
        raise OptionError("Cannot write the values into that cell: it has no %%sweep line any more.")
    words = split(first.removeprefix("%%sweep"))
    arguments = sweep_parser().parse(words)
    objects = parse_space(arguments.space).choices
    shown = {name: value if value in objects.get(name, ()) else repr(value) for name, value in values.items()}
    try:
        tree = ast.parse(body)
    except SyntaxError as error:
        raise OptionError(
            f"Cannot write the values into that cell: line {(error.lineno or 0) + 1} cannot be read."
        ) from None
    lines = [line.encode() for line in body.splitlines(keepends=True)]  # columns of the tree count bytes
    places = [
        (value, shown[name])
        for statement in tree.body
        for name, value in literals_of(statement).items()
        if name in shown
    ]
    for value, text in sorted(places, key=lambda place: (place[0].lineno, place[0].col_offset), reverse=True):
        _put(lines, value, text.encode())
    written = {name for statement in tree.body for name in literals_of(statement)}
    own = [f"{name} = {text}\n" for name, text in shown.items() if name not in written]
    return "\n".join([_train_line(words, arguments), f"{_KEPT}{first}", "".join(own) + b"".join(lines).decode()])


def _put(lines: list[bytes], node: ast.expr, text: bytes) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    rest = lines[last][node.end_col_offset or 0 :]
    lines[first : last + 1] = [lines[first][: node.col_offset] + text + rest]


_OF_RUNS = {
    "--workers", "-w", "--cpus-per-worker", "--gpus-per-worker", "--memory", "--wait", "--no-wait", "--pip", "--env",
}  # fmt: skip


def _train_line(words: list[str], arguments: argparse.Namespace) -> str:
    """``%%train`` with the name and the options that mean the same for a run."""
    actions = {option: action for action in sweep_parser()._actions for option in action.option_strings}
    kept, keeps = [words[0]] if words and not words[0].startswith("-") else [], False
    for word in words[len(kept) :]:
        option = word.split("=", 1)[0]
        if option in actions:
            keeps = option in _OF_RUNS
        if keeps:
            kept.append(word if " " not in word else f'"{word}"')
    returns = [name for name in parse_names(arguments.returns) if name != "best_params"]  # a run has none
    kept += ["--returns", ",".join(returns)] if returns else []
    return " ".join(["%%train", *kept])
