"""``python -m workbench.bridge FOLDER``: answer one JSON request a line, on stdin and stdout, many at a time."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.bridge.line import Line
from workbench.bridge.verbs import Verbs
from workbench.bridge.watcher import Watcher
from workbench.errors import WorkbenchError

_AT_ONCE = 16


def answer(verbs: Mapping[str, Callable[..., Any]], request: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to a request: a verb's result, or what went wrong by kind and in words."""
    try:
        return {"id": request["id"], "result": verbs[request["verb"]](**request.get("args", {}))}
    except WorkbenchError as error:
        kind, message = type(error).__name__, str(error)
    except FileNotFoundError as error:
        kind, message = "FileNotFoundError", str(error)
    except Exception as error:
        traceback.print_exc()
        kind, message = "Unexpected", f"{type(error).__name__}: {error}"
    return {"id": request["id"], "error": {"kind": kind, "message": message}}


def main() -> None:
    """Serve until the server closes its end."""
    # What libraries print must not come between the messages.
    line = Line(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    folder = Path(sys.argv[1])
    os.chdir(folder)
    verbs = Verbs(folder)
    by_name = verbs.by_name()
    Watcher(verbs.project, line.send_event).start()
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="verb")
    for text in sys.stdin:
        pool.submit(lambda request: line.send(answer(by_name, request)), json.loads(text))
    verbs.close()
    os._exit(0)


if __name__ == "__main__":
    main()
