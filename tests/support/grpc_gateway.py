"""A gRPC server with small models, its loop in a thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from tests.support.small_plane import SmallPlane, counting_model, echo_model, iris_model, table_model
from workbench.serving.protocols.grpc_server import start_grpc

ECHOES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


ECHOES += ("float16", "float32", "float64", "str")


class Gateway:
    """A gRPC server with its loop in a thread."""

    def __init__(self, max_message: int = 2**20) -> None:
        self.plane = SmallPlane(
            {
                "iris": {"iris": iris_model()},
                "count": {"count": counting_model()},
                "house": {"house": table_model()},
                "echo": {dtype: echo_model(dtype) for dtype in ECHOES},
            }
        )
        self._max_message = max_message
        self._loop = asyncio.new_event_loop()
        self._port: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.port = self._port.result(20)
        self.address = f"127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        try:
            server, port = await start_grpc(self.plane, "127.0.0.1", 0, max_message=self._max_message)
        except Exception as error:
            self._port.set_exception(error)
            return
        self._port.set_result(port)
        await self._end.wait()
        await server.stop(None)

    def start_again(self, port: int) -> None:
        """Listen once more, in the same loop."""
        asyncio.run_coroutine_threadsafe(start_grpc(self.plane, "127.0.0.1", port), self._loop).result(20)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)
