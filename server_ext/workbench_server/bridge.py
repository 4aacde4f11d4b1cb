"""The bridge process as the server sees it: started at first use, asked without blocking, started again at need."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from traitlets import Float, Unicode
from traitlets.config import LoggingConfigurable

_LINE_LIMIT = 64 * 2**20
_ENDS_WITHIN_S = 5.0


class BridgeError(Exception):
    """The failure of a verb.

    Args:
        kind: The name of the error's class in ``workbench.errors``, or ``Timeout`` or ``Gone``.
        message: The words for the user.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Bridge(LoggingConfigurable):  # type: ignore[misc]
    """Ask ``python -m workbench.bridge``, which imports Ray and MLflow so that the server need not.

    Args:
        folder: The server's root.
        on_event: Takes the events that the process sends by itself.
    """

    python = Unicode(sys.executable, help="The Python that has the workbench package.").tag(config=True)
    timeout_s = Float(60.0, help="Seconds after which a request is given up.").tag(config=True)

    def __init__(self, folder: Path, on_event: Callable[[dict[str, Any]], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = folder
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._count = 0
        self._starting = asyncio.Lock()

    async def call(self, verb: str, timeout_s: float | None = None, **arguments: Any) -> Any:
        """Return the answer of a verb of :class:`workbench.bridge.verbs.Verbs`.

        Args:
            verb: The verb's name.
            timeout_s: Seconds after which the request is given up; None for the trait's.
            arguments: The verb's arguments; those that are None are left out.

        Raises:
            BridgeError: The verb failed, did not answer in time, or the process ended.
        """
        process = await self._running()
        assert process.stdin is not None
        self._count += 1
        number = self._count
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        request = {"id": number, "verb": verb, "args": {k: v for k, v in arguments.items() if v is not None}}
        limit_s = timeout_s or self.timeout_s
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            return await asyncio.wait_for(answer, limit_s)
        except TimeoutError:
            raise BridgeError("Timeout", f"No answer within {limit_s:g} s: the cluster or the store hangs.") from None
        except ConnectionError:
            raise BridgeError("Gone", "The process that speaks to the cluster ended. Try again.") from None
        finally:
            self._waiting.pop(number, None)

    async def _running(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    self.python,
                    "-m",
                    "workbench.bridge",
                    str(self._folder),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=_LINE_LIMIT,
                    start_new_session=True,  # Ctrl-C in the terminal is for the server
                    env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
                )
                self._reader = asyncio.create_task(self._read(self._process))
            return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            message = json.loads(line)
            if "event" in message:
                self._on_event(message)
                continue
            answer = self._waiting.get(message["id"])
            if answer is None or answer.done():
                continue
            if "error" in message:
                answer.set_exception(BridgeError(message["error"]["kind"], message["error"]["message"]))
            else:
                answer.set_result(message["result"])
        await process.wait()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(BridgeError("Gone", "The process that speaks to the cluster ended. Try again."))

    async def close(self) -> None:
        """End the process; the cluster and its runs go on."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _ENDS_WITHIN_S)
        if process.returncode is None:
            process.kill()
        if self._reader is not None:
            self._reader.cancel()
