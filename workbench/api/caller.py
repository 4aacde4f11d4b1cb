"""The notebook or script that calls: its names and its IPython shell."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def callers_names() -> dict[str, Any]:
    """Return the notebook's names, or those of the script that runs."""
    shell = ipython_shell()
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def cell_labels(filenames: Iterable[str]) -> dict[str, str]:
    """Return what the notebook calls the files of its cells: ``Cell In[3]``."""
    compiler = getattr(ipython_shell(), "compile", None)
    if compiler is None:
        return {}
    named = {name: compiler.format_code_name(name) for name in filenames}
    return {name: " ".join(words) for name, words in named.items() if words}


def ipython_shell() -> Any:
    """Return the IPython shell of this process, None outside of one; never import IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
