"""The thread that answers an endpoint's requests with a model."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from workbench.records.endpoints import ServingOptions
from workbench.serving import replica_protocol as wire
from workbench.serving.replica.batching import NOT_DECODED, BatchQueue, QueuedRequest
from workbench.serving.replica.captured_output import CapturedOutput
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.gateway_link import GatewayLink
from workbench.serving.replica.loading import ModelLoadError
from workbench.serving.replica.model_cache import ModelCache
from workbench.serving.replica.predict import Reply, compute, refused
from workbench.serving.replica.streaming import Streams, is_stream
from workbench.serving.replica.tracebacks import own_traceback

_BACKOFF_S = (0.1, 5.0)
_TOO_LATE = RefusedError(
    "Cannot predict: its time is over. Ask for less, or publish it with a longer timeout.", status=504
)


class ModelThread(threading.Thread):
    """Connects to the gateway, loads the models and answers requests.

    Args:
        address: Returns where the gateway listens: ``unix``, ``tcp`` and the IP address of its ``node``.
        secret: The secret by which the gateway knows its replicas.
        endpoint: The endpoint's name.
        version: The version's label.
        replica: The replica's own name.
        node: The IP address of this node.
        models: MLflow's URI of each model by its name.
        options: The version's options.
        gpus: The replica's GPUs.
        app: The replica's Serve application.
    """

    def __init__(
        self,
        *,
        address: Callable[[], dict[str, Any]],
        secret: str,
        endpoint: str,
        version: str,
        replica: str,
        node: str,
        models: dict[str, str],
        options: ServingOptions,
        gpus: float,
        app: str = "",
    ) -> None:
        super().__init__(name=f"model-{endpoint}-{version}", daemon=True)
        hello = {"secret": secret, "endpoint": endpoint, "version": version, "replica": replica, "node": node}
        self._hello = wire.pack("hello", {**hello, "pid": os.getpid(), "app": app})
        self._timeout_s = options.timeout_s
        self._link = GatewayLink(address, node)
        self._queue = BatchQueue(options.max_batch, options.slo_ms)
        self._streams = Streams(self._link.send, self._log)
        self._models = ModelCache(
            models,
            endpoint=endpoint,
            version=version,
            gpus=gpus,
            room=options.max_models,
            on_change=self._tell_holds,
            observe=lambda name, rows, ms: self._queue.fit(name).observe(rows, ms),
        )
        self._direct: deque[tuple[Any, str, Future[Any]]] = deque()
        self._ready: Future[None] = Future()
        self._busy_since: float | None = None
        self._is_closing = False
        self._is_leaving = False
        self._is_stopping = False
        self._pause_s = _BACKOFF_S[0]
        self._dialled_at = 0.0
        self._dial_at = 0.0

    def wait_ready(self, timeout_s: float | None = None) -> None:
        """Wait until the models are loaded and have answered their examples.

        Raises:
            ModelLoadError: One did not; its traceback is the model's own.
            TimeoutError: It takes longer.
        """
        self._ready.result(timeout_s)

    def is_healthy(self) -> bool:
        """Return whether it runs, and is not stuck in a batch for more than twice a request's timeout."""
        if self._is_stopping or self._is_closing:
            return True
        since = self._busy_since
        return self.is_alive() and (since is None or time.perf_counter() - since < 2 * self._timeout_s)

    def close(self) -> None:
        """End the thread after the current batch."""
        self._is_closing = True
        self._link.wake()

    def leave(self) -> None:
        """End the thread once all its requests are answered; may be called from any thread."""
        self._is_leaving = True
        self._link.send(wire.pack("leaving"))
        self._link.wake()

    def submit(self, value: Any, model: str = "") -> Future[Any]:
        """Predict for a caller in this process; the result is the prediction. May be called from any thread."""
        future: Future[Any] = Future()
        self._direct.append((value, model, future))
        self._link.wake()
        return future

    def run(self) -> None:
        """Load the models, then answer until told to stop."""
        output = CapturedOutput(self._log)
        try:
            self._dial()
            try:
                self._models.load_all()
            except ModelLoadError as error:
                self._link.send(wire.pack("failed", {"message": str(error), "traceback": error.traceback}))
                self._ready.set_exception(error)
                return
            self._say_ready()
            self._ready.set_result(None)
            while not self._is_closing and not (self._is_stopping and not self._has_work):
                self._turn()
        except BaseException as error:
            self._log(own_traceback(error))
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
        finally:
            output.close()
            self._streams.close()
            for *_, future in self._direct:
                if future.set_running_or_notify_cancel():
                    future.set_exception(ConnectionError("The replica has ended."))
            self._link.close()

    def _turn(self) -> None:
        """Take what has come, compute the next batch, send its answers in one go."""
        self._is_stopping |= self._is_leaving and not self._link.is_up  # no gateway is there to allow it
        wait_s = 0.1 if self._is_stopping else None
        if not self._link.is_up and not self._is_stopping:
            wait_s = self._redial()
        self._link.wait(0 if self._queue or self._direct else wait_s)
        replies: list[Reply] = []
        if self._link.is_up:
            for message in self._link.read():
                self._take(message, replies)
            if not self._link.is_up:
                self._lost()
        while self._direct:
            self._take_direct(*self._direct.popleft(), replies)
        if replies:  # refusals need no model
            self._answer(replies)
        if self._queue:
            self._answer(self._next())

    def _take(self, message: list[Any], replies: list[Reply]) -> None:
        kind = message[0]
        if kind == "ask":
            self._take_ask(message, replies)
        elif kind == "cancel":
            self._queue.drop(message[1])
            self._streams.cancel(message[1])
        elif kind == "options":
            self._queue.slo_ms, self._queue.max_batch = message[1]["slo_ms"], message[1]["max_batch"]
        elif kind == "stop":
            self._is_stopping = True

    def _take_ask(self, message: list[Any], replies: list[Reply]) -> None:
        _, request_id, model, route, content_type, accept, body, ms_left = message
        now = time.perf_counter()
        request = QueuedRequest(request_id, model, route, accept, NOT_DECODED, now, now + ms_left * 1e-3)
        try:
            request.model = self._models.resolve(model)
            codec = self._models.codec(request.model)
            request.decoded = codec.decode("predict" if route == "stream" else route, content_type, body)
            if is_stream(route, accept):
                cached = self._models.get(request.model)
                if cached.model.streams:
                    self._streams.begin(request, cached)
                    return
                if route == "stream":
                    raise RefusedError("Cannot stream: the model answers at once. Ask /predict.", status=404)
            self._queue.add(request)
        except RefusedError as error:
            replies.append(refused(request, error))
        except Exception as error:
            self._log(own_traceback(error))
            replies.append(refused(request, RefusedError(f"Cannot read the request: {error}.", status=500)))

    def _take_direct(self, value: Any, model: str, future: Future[Any], replies: list[Reply]) -> None:
        if not future.set_running_or_notify_cancel():  # the caller cancelled it; from now on it cannot
            return
        now = time.perf_counter()
        request = QueuedRequest(None, model, "predict", "", NOT_DECODED, now, now + self._timeout_s, future)
        try:
            request.model = self._models.resolve(model)
            request.decoded = self._models.codec(request.model).take(value)
            self._queue.add(request)
        except Exception as error:
            future.set_exception(error)

    def _next(self) -> list[Reply]:
        now = time.perf_counter()
        batch = self._queue.take(now)
        late = [request for request in batch if request.deadline <= now]
        replies = [refused(request, _TOO_LATE) for request in late]
        if late:
            batch = [request for request in batch if request.deadline > now]
        if not batch:
            return replies
        name = batch[0].model
        try:
            cached = self._models.get(name)
        except ModelLoadError as error:
            self._log(error.traceback)
            return replies + [refused(request, RefusedError(str(error), status=500)) for request in batch]
        self._busy_since = time.perf_counter()
        try:
            found, ms = compute(batch, cached, self._log)
        finally:
            self._busy_since = None
        if ms is not None:
            self._queue.fit(name).observe(sum(request.decoded.rows for request in batch), ms)
        return replies + found

    def _answer(self, replies: list[Reply]) -> None:
        packed = []
        for reply in replies:
            future = reply.request.future
            if future is None:
                packed.append(
                    wire.pack("answer", reply.request.id, reply.status, reply.content_type, reply.body, reply.timing)
                )
            elif reply.error is not None:
                future.set_exception(reply.error)
            else:
                future.set_result(reply.value)
        if packed:
            self._link.send(packed[0] if len(packed) == 1 else b"".join(packed))

    @property
    def _has_work(self) -> bool:
        return bool(self._queue or self._direct or self._streams)

    def _say_ready(self) -> None:
        self._link.send(wire.pack("ready", {"models": self._models.schemas}))

    def _tell_holds(self, names: list[str]) -> None:
        self._link.send(wire.pack("holds", names))

    def _log(self, text: str) -> None:
        self._link.send(wire.pack("log", text))

    def _lost(self) -> None:
        """Drop the gateway's requests: it sends them to another replica."""
        self._streams.cancel_all()
        for request in self._queue.clear():
            if request.future is not None:
                self._queue.add(request)

    def _redial(self) -> float | None:
        """Dial where it is time to; return the seconds until the next try, None where the gateway is there."""
        early_s = self._dial_at - time.monotonic()
        if early_s > 0:
            return early_s
        if not self._dial():
            return max(0.0, self._dial_at - time.monotonic())
        self._say_ready()
        self._tell_holds(self._models.loaded_names)
        if self._is_leaving:
            self._link.send(wire.pack("leaving"))
        return None

    def _dial(self) -> bool:
        """Dial, and set the time of the next try; the pause grows while connections are short."""
        shortest_s, longest_s = _BACKOFF_S
        if time.monotonic() - self._dialled_at > 2 * longest_s:
            self._pause_s = shortest_s
        is_up = self._link.dial(self._hello)
        self._dialled_at = time.monotonic()
        self._dial_at = self._dialled_at + self._pause_s
        self._pause_s = min(longest_s, self._pause_s * 2)
        return is_up
