"""Writes the values of a trial into a sweep's cell: its constants become those, and it trains with them."""

from __future__ import annotations

import ast
from typing import Any

from workbench.cell.swept import literals_of
from workbench.errors import OptionError
from workbench.options.cell_line import kept_words, line_of, parse_line
from workbench.options.parser import split
from workbench.options.sweep import SAME_FOR_A_RUN
from workbench.options.values import parse_names
from workbench.sweeps.space_parser import parse_space

_KEPT = "# "


def write_back(cell: str, values: dict[str, Any]) -> str:
    r"""Return the cell as a ``%%train`` cell with these values.

    >>> print(write_back('%%sweep t --space "lr=float(0,1)" --goal "min loss"\nlr = 0.5  # rate', {"lr": 0.1}))
    %%train t
    # %%sweep t --space "lr=float(0,1)" --goal "min loss"
    lr = 0.1  # rate

    The ``%%sweep`` line stays as a comment. A name that the cell takes from the notebook gets a line of its own.

    Raises ``OptionError`` when the cell is no sweep, or cannot be read.
    """
    first, _, body = cell.partition("\n")
    line = line_of(cell, "%%sweep")
    if line is None:
        raise OptionError("Cannot write the values into that cell: it has no %%sweep line any more.")
    arguments = parse_line(line, "%%sweep")
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
    return "\n".join(
        [
            _train_line(split(line), parse_names(arguments.returns)),
            f"{_KEPT}{first}",
            "".join(own) + b"".join(lines).decode(),
        ]
    )


def _put(lines: list[bytes], node: ast.expr, text: bytes) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    rest = lines[last][node.end_col_offset or 0 :]
    lines[first : last + 1] = [lines[first][: node.col_offset] + text + rest]


def _train_line(words: list[str], returns: tuple[str, ...]) -> str:
    """Return the ``%%train`` line with the name and the options that mean the same for a run."""
    name = words[:1] if words and not words[0].startswith("-") else []
    kept = [*name, *kept_words(words[len(name) :], "%%sweep", SAME_FOR_A_RUN)]
    names = [name for name in returns if name != "best_params"]  # a run has none
    kept += ["--returns", ",".join(names)] if names else []
    return " ".join(["%%train", *kept])
