"""The templates of the cards: loaded and compiled once in a process, escaping what users wrote."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from workbench.display.words import ago, duration, memory, number, value_text


class _JoinLines(Extension):
    """Drops line ends and indentation of a template before it is compiled, so that cards stay small.

    A card is sent several times a second, and kept in the notebook.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"\n\s*", "", source.strip())


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workbench.display"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        extensions=[_JoinLines],
    )
    environment.filters |= {
        "ago": ago,
        "count": "{:,}".format,
        "duration": duration,
        "memory": memory,
        "number": number,
        "percent": lambda value: "" if value is None else f"{value:.0f} %",
        "value_text": value_text,
        "with_command": with_command,
    }
    environment.globals["style"] = style()
    return environment


def render(template: str, **values: Any) -> Markup:
    """Return a template's HTML.

    Args:
        template: The file's name in ``templates/``.
        values: Values that the template reads, escaped unless they are ``Markup``.
    """
    return Markup(_environment().get_template(template).render(values))


@functools.cache
def style() -> Markup:
    """Return the style element of all cards. A page may hold several copies of it."""
    sheet = files("workbench.display").joinpath("templates/card.css").read_text(encoding="utf-8")
    rules = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return Markup("<style>{}</style>").format(Markup("".join(line.strip() for line in rules.splitlines())))


def with_command(text: str) -> str:
    """Return text with the magic command in it marked as code."""
    start = text.find("%")
    if start < 0 or (start and text[start - 1].isdigit()) or text[start : start + 2] == "% ":
        return text
    return Markup("{}<code>{}</code>").format(text[:start], text[start:])
