"""Has docstrings read well in Markdown: a griffe extension for the site.

Docstrings are read in terminals and editors, too, and use Sphinx's ``:func:`name``` and ``::``.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):`~?([^`]+)`")
_LONE_MARK = re.compile(r"^ *::\n", re.MULTILINE)
_LITERAL_BLOCK = re.compile(r"::$", re.MULTILINE)


class DocstringRoles(Extension):
    """Replace Sphinx's roles and literal blocks by what Markdown has for them."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite one object's docstring (called by griffe)."""
        if obj.docstring is not None:
            text = _LONE_MARK.sub("", _ROLE.sub(r"`\1`", obj.docstring.value))
            obj.docstring.value = _LITERAL_BLOCK.sub(":", text)
