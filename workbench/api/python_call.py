"""A ``%%train`` or ``%%sweep`` cell as a call from Python, to go into a script."""

from __future__ import annotations

from typing import Any

from workbench.options.catalog import MAGICS
from workbench.options.cell_line import line_of, parse_line
from workbench.options.option import checked, given_of
from workbench.options.run import RUN


def python_call(cell: str) -> str:
    r"""Return the same run as ``workbench.train("...")``, or the same sweep as ``workbench.sweep("...")``.

    >>> print(python_call("%%train digits --workers 2\nfit()"))
    import workbench
    <BLANKLINE>
    run = workbench.train(
        '''
    fit()
    ''',
        name='digits',
        workers=2,
    )
    """
    for magic in ("%%sweep", "%%train"):
        line = line_of(cell, magic)
        if line is not None:
            return _call(magic, line, cell.partition("\n")[2])
    return _call("%%train", "", cell)


def _call(magic: str, line: str, source: str) -> str:
    """Return the call of a magic's function; options that have their default are left out."""
    given = vars(parse_line(line, magic))
    options = MAGICS[magic].options
    asked = {one.name: given[one.name] for one in options if one.is_required or given[one.name] != one.empty}
    asked.pop("dry_run", None)
    of_run = [one for one in RUN if one.name in asked]
    values = checked(of_run, given_of(of_run, asked))
    asked |= {one.name: _plain(values[one.field or one.name]) for one in of_run}
    arguments = "".join(f"    {name}={value!r},\n" for name, value in asked.items())
    function = magic.removeprefix("%%")
    return f"import workbench\n\nrun = workbench.{function}(\n    {_text(source)},\n{arguments})"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(source: str) -> str:
    """Return a cell's text as a literal that looks like it."""
    quotes = "'''" if "'''" not in source else '"""'
    prefix = "r" if "\\" in source else ""
    if quotes in source or source.endswith("\\"):
        return repr(source)
    return f"{prefix}{quotes}\n{source.rstrip()}\n{quotes}"
