"""``python -m workbench.bridge FOLDER``: answers one JSON request a line, on stdin and stdout, many at a time."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from workbench.bridge.verbs import Verbs
from workbench.bridge.watching import Watcher
from workbench.errors import WorkbenchError

_AT_ONCE = 16


class Line:
    """The way back to the Jupyter server: whole lines, from any thread."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._events = 0

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        try:
            text = json.dumps(message, default=str, allow_nan=False)
        except ValueError:  # a loss that diverged: JSON has no word for it
            text = json.dumps(_without_nan(message), default=str)
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                pass  # the server went away; the loop over its requests ends, too

    def send_event(self, event: dict[str, Any]) -> None:
        """Write an event with its number: a front end that sees a gap reads everything anew."""
        with self._lock:
            self._events += 1
            number = self._events
        self.send({**event, "number": number})


def _without_nan(value: Any) -> Any:
    """The same with None for what is no finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value


def answer(verbs: Verbs, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request: its result, or what went wrong by kind and in words."""
    try:
        method = getattr(verbs, request["verb"])
        return {"id": request["id"], "result": method(**request.get("args", {}))}
    except WorkbenchError as error:
        return {"id": request["id"], "error": {"kind": type(error).__name__, "message": str(error)}}
    except FileNotFoundError as error:
        return {"id": request["id"], "error": {"kind": "FileNotFoundError", "message": str(error)}}
    except Exception as error:
        import traceback

        traceback.print_exc()
        return {"id": request["id"], "error": {"kind": "Unexpected", "message": f"{type(error).__name__}: {error}"}}


def _serve(verbs: Verbs, line: Line, request: dict[str, Any]) -> None:
    line.send(answer(verbs, request))


def main() -> None:
    """Serve until the server closes its end."""
    # What libraries print must not come between the messages.
    line = Line(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    folder = Path(sys.argv[1])
    os.chdir(folder)
    verbs = Verbs(folder)
    Watcher(verbs.project, line.send_event).start()
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="verb")
    for text in sys.stdin:
        pool.submit(_serve, verbs, line, json.loads(text))
    verbs.close()
    os._exit(0)


if __name__ == "__main__":
    main()
