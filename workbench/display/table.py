"""Tables for people: aligned text in a terminal, HTML in a notebook."""

from __future__ import annotations

import io
from dataclasses import dataclass

from markupsafe import Markup

from workbench.display.templating import render

_WIDEST = 100_000
_NUMERIC = Markup(' class="wb-num"')

TONES = {state: state for state in ("queued", "starting", "running", "finished", "failed", "stopped")}
TONES |= {"live": "finished", "idle": "stopped", "degraded": "queued", "draining": "stopped"}
"""The colour's name in the style sheet for each state of a run or an endpoint."""


@dataclass(frozen=True)
class Table:
    """Rows for people.

    Attributes:
        heads: Column titles.
        rows: Cells as text.
        numeric: Indexes of the columns that hold numbers, aligned to the right.
        empty: Text in place of a table without rows.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    empty: str = ""

    def __repr__(self) -> str:
        """Return the table as aligned text, as wide as its cells."""
        if not self.rows:
            return self.empty
        from rich.console import Console
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for index, head in enumerate(self.heads):
            grid.add_column(Text.from_ansi(head), justify="right" if index in self.numeric else "left", no_wrap=True)
        for row in self.rows:
            grid.add_row(*[Text.from_ansi(cell) for cell in row])
        text = io.StringIO()
        # In a kernel, rich would show the table itself instead of writing it.
        Console(file=text, width=_WIDEST, color_system=None, force_jupyter=False, legacy_windows=False).print(grid)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def _repr_html_(self) -> str:
        return str(render("table_card.html.j2", table=self, body=self.table_html()))

    def table_html(self) -> Markup:
        """Return the table alone, to go into a card."""
        marks = [_NUMERIC if index in self.numeric else "" for index in range(len(self.heads))]
        return render("table.html.j2", table=self, marks=marks, tones=TONES)
