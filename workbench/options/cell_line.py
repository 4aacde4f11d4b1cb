"""The first line of a ``%%train`` or ``%%sweep`` cell: read by the magics' own grammar, and written anew."""

from __future__ import annotations

import argparse
import contextlib
import shlex
from collections.abc import Iterable

from workbench.options.catalog import magic_parser
from workbench.options.option import Option
from workbench.options.parser import split


def line_of(cell: str, magic: str) -> str | None:
    """Return what follows a magic on the first line of a cell; None where the cell does not begin with it.

    >>> line_of("%%train digits -w 2", "%%train")
    'digits -w 2'
    """
    first = cell.partition("\n")[0]
    name, _, rest = first.partition(" ")
    return rest.strip() if name.rstrip() == magic else None


def parse_line(line: str, magic: str) -> argparse.Namespace:
    """Return the options of a magic's line."""
    return magic_parser(magic).parse(split(line))


def kept_words(words: Iterable[str], magic: str, options: Iterable[Option]) -> list[str]:
    """Return the options of a line that are among some, with their values and as they were typed."""
    known = magic_parser(magic).option_flags()
    wanted = {option.name for option in options}
    kept, is_kept = [], False
    for word in words:
        name = known.get(word.split("=", 1)[0])
        if name is not None:
            is_kept = name in wanted
        if is_kept:
            kept.append(quoted(word))
    return kept


def quoted(word: str) -> str:
    """Return a word as a line takes it, in quotation marks where it needs them.

    >>> quoted("a b"), quoted("a")
    ('"a b"', 'a')
    """
    for text in (word, f'"{word}"'):
        with contextlib.suppress(ValueError):
            if shlex.split(text) == [word]:
                return text
    return shlex.quote(word)
