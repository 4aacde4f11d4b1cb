"""A rank's channel to the foreman: sends the journal as it grows, and takes orders to stop."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from typing import Any

import ray

from workbench.training.journal import Journal

_MIN_INTERVAL_S = 0.05
_MAX_INTERVAL_S = 0.5
_CHUNK_BYTES = 4 * 2**20


class ForemanChannel:
    """Run two threads beside the cell: one sends new journal bytes, one waits for the foreman's orders.

    Args:
        foreman: The foreman's actor handle.
        key: ``(run id, attempt, rank)``.
        journal: The journal to send.
    """

    def __init__(self, foreman: Any, key: tuple[str, int, int], journal: Journal) -> None:
        self._foreman = foreman
        self._key = key
        self._journal = journal
        self._offset = 0
        self._cell_thread = threading.current_thread()
        self._closing = threading.Event()
        self._shipper = threading.Thread(target=self._ship, name="ship-journal", daemon=True)
        self._order_taker = threading.Thread(target=self._follow_orders, name="take-orders", daemon=True)

    def __enter__(self) -> ForemanChannel:
        self._shipper.start()
        self._order_taker.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ship what is left; the journal can be deleted afterwards."""
        self._closing.set()
        self._journal.grown.set()
        self._shipper.join()

    def _ship(self) -> None:
        with self._journal.path.open("rb") as file:
            while True:
                closing = self._closing.is_set()
                if not closing:
                    self._journal.grown.wait(timeout=_MAX_INTERVAL_S)
                self._journal.grown.clear()
                while self._ship_chunk(file):
                    pass
                if closing:
                    return
                self._closing.wait(_MIN_INTERVAL_S)

    def _ship_chunk(self, file: Any) -> bool:
        """Send the next whole lines; return whether there may be more."""
        file.seek(self._offset)
        data = file.read(_CHUNK_BYTES)
        whole = data.rfind(b"\n") + 1
        while not whole and len(data) and len(data) % _CHUNK_BYTES == 0:  # one very long line
            more = file.read(_CHUNK_BYTES)
            if not more:
                break
            data += more
            whole = data.rfind(b"\n") + 1
        if not whole:
            return False
        self._call("ingest", self._offset, data[:whole])
        self._offset += whole
        return True

    def _call(self, method: str, *args: Any) -> Any:
        return ray.get(getattr(self._foreman, method).remote(*self._key, *args))

    def _follow_orders(self) -> None:
        while not self._closing.is_set():
            try:
                order = self._call("next_order")
            except ray.exceptions.RayError:
                # The foreman is gone: Ray ends this process too; no order can come.
                time.sleep(1.0)
                continue
            if order is None:
                continue
            if not self._closing.is_set():
                self._interrupt()
            if order == "interrupt":
                return  # once: a second one would break off the cell's finally blocks

    def _interrupt(self) -> None:
        """Raise ``KeyboardInterrupt`` in the cell, so that its ``finally`` blocks run."""
        if self._cell_thread is threading.main_thread():
            # To this thread, so that a sleep or a read in it ends at once.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:  # Ray Train runs its function beside the main thread, where signals do not arrive
            ident = ctypes.c_ulong(self._cell_thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(KeyboardInterrupt))
