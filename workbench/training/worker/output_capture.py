"""Sends all that a rank prints to its journal: Python's streams and the descriptors below them."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from typing import Any

from workbench.training.journal import Journal

_BATCH_CHARS = 64 * 1024
_BATCH_S = 0.05


class JournalStream(io.TextIOBase):
    """A text stream whose lines go to the journal, gathered for at most 50 ms.

    Args:
        journal: The journal that gets the lines.
        name: ``"stdout"`` or ``"stderr"``.
        fd: The descriptor that ``fileno()`` returns, for libraries that ask.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, journal: Journal, name: str, fd: int) -> None:
        self._journal = journal
        self._name = name
        self._fd = fd
        self._parts: list[str] = []
        self._size = 0
        self._since = 0.0
        self._lock = threading.RLock()

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False: libraries then print no control sequences."""
        return False

    def fileno(self) -> int:
        """Return the descriptor that the stream stands for."""
        return self._fd

    def write(self, text: str) -> int:
        """Gather text, and write it to the journal when there is much, or the first of it is 50 ms old."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            if not self._parts:
                self._since = time.monotonic()
            self._parts.append(text)
            self._size += len(text)
            if self._size >= _BATCH_CHARS or time.monotonic() - self._since >= _BATCH_S:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Write the gathered text to the journal."""
        with self._lock:
            if self._parts:
                text = "".join(self._parts)
                self._parts.clear()
                self._size = 0
                self._journal.write("out", s=self._name, x=text)

    def flush_if_due(self) -> None:
        """Write text that has waited for the batch to fill; a thread calls this now and then."""
        if self._parts and time.monotonic() - self._since >= _BATCH_S:
            self.flush()


class OutputCapture:
    """A context in which standard output and error of this process, C code included, go to the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._saved: list[Any] = []
        self._readers: list[threading.Thread] = []
        self._done = threading.Event()
        self.streams: list[JournalStream] = []

    def __enter__(self) -> OutputCapture:
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved = [sys.stdout, sys.stderr, os.dup(1), os.dup(2)]
        for fd, name in ((1, "stdout"), (2, "stderr")):
            read_end, write_end = os.pipe()
            os.dup2(write_end, fd)
            os.close(write_end)
            reader = threading.Thread(target=self._read, args=(read_end, name), name=f"read-{name}", daemon=True)
            reader.start()
            self._readers.append(reader)
            self.streams.append(JournalStream(self._journal, name, fd))
        sys.stdout, sys.stderr = self.streams
        threading.Thread(target=self._flush_now_and_then, name="flush-output", daemon=True).start()
        return self

    def flush(self) -> None:
        """Write the text that the streams still hold."""
        for stream in self.streams:
            stream.flush()

    def __exit__(self, *_: object) -> None:
        self.flush()
        self._done.set()
        sys.stdout, sys.stderr, out, err = self._saved
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        for reader in self._readers:
            # A child process that still holds the pipe (a data loader) must not hold up the end.
            reader.join(timeout=0.1)

    def _read(self, fd: int, name: str) -> None:
        with os.fdopen(fd, "rb", buffering=0) as pipe:
            while chunk := pipe.read(65536):
                self._journal.write("out", s=name, x=chunk.decode("utf-8", "replace"))

    def _flush_now_and_then(self) -> None:
        while not self._done.wait(_BATCH_S):
            for stream in self.streams:
                stream.flush_if_due()
