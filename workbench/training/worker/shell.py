"""The IPython shell that executes a cell on a worker, so that a cell means there what it means in a notebook."""

from __future__ import annotations

import ast
import linecache
import sys
import types
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

from workbench.training.journal import Journal


class JournalPublisher(DisplayPublisher):
    """Send what ``display(...)`` shows to the journal."""

    journal = AnyTrait(None, allow_none=True)

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Write a MIME bundle to the journal."""
        flush_streams()
        if self.journal is not None:
            display_id = (transient or {}).get("display_id")
            self.journal.write("disp", data=_jsonable(data), meta=metadata or {}, id=display_id, update=update)

    def clear_output(self, wait: bool = False) -> None:
        """Write to the journal that the output is cleared."""
        flush_streams()
        if self.journal is not None:
            self.journal.write("clear", wait=wait)


class JournalDisplayHook(DisplayHook):
    """Show the value of a cell's last expression, without a prompt."""

    def write_output_prompt(self) -> None:
        """Do nothing: a worker's output has no prompt."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Publish the value as ``display(...)`` would."""
        self.shell.display_pub.publish(format_dict, md_dict or {})


class CellCompiler(CachingCompiler):
    """Compile the cell under the name that the notebook gave it; its source lines are known already."""

    cell_name = "cell"

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """Return the cell's file name."""
        return self.cell_name


class CellShell(InteractiveShell):
    """An IPython shell without history, prompt or terminal."""

    display_pub_class = Type(JournalPublisher)
    displayhook_class = Type(JournalDisplayHook)
    compiler_class = Type(CellCompiler)

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: workers have no screen, and start no GUI event loop."""

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the runtime reports the error, cut to the user's own frames."""

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the runtime reports the error."""


class _ShiftLines(ast.NodeTransformer):
    """Move line numbers down, so that they count from the top of the notebook's cell."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.increment_lineno(node, self.offset)


def create_shell() -> CellShell:
    """Return this process's shell, made once; its namespace becomes the module ``__main__``."""
    if CellShell.initialized():
        present: CellShell = CellShell.instance()
        return present
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.autocall = 0
    shell: CellShell = CellShell.instance(user_module=main, config=config)
    for prompt in ("ps1", "ps2", "ps3"):  # libraries such as Lightning take them for an interactive session
        vars(sys).pop(prompt, None)
    return shell


def execute(shell: CellShell, journal: Journal, source: str, filename: str, line_offset: int) -> BaseException | None:
    """Run the cell's source and return what it raised, None when it ended well.

    ``SystemExit`` with a false code counts as a good end, as it does for a script.
    """
    shell.display_pub.journal = journal
    shell.compile.cell_name = filename
    lines = ["\n"] * line_offset + source.splitlines(keepends=True)
    linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)
    shift = _ShiftLines(line_offset)
    shell.ast_transformers.append(shift)
    try:
        runner: Any = shell
        result = runner.run_cell(source, store_history=False)
    except KeyboardInterrupt as interrupt:
        return interrupt
    finally:
        shell.ast_transformers.remove(shift)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    if isinstance(error, SystemExit) and not error.code:
        return None
    return error


def flush_streams() -> None:
    """Write out text that is still gathered, so that text and displays stay in order."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _jsonable(data: dict[str, Any]) -> dict[str, Any]:
    """Return binary MIME data as base64, as the notebook format wants it."""
    import base64

    return {
        mime: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for mime, value in data.items()
    }
