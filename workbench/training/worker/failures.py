"""From an exception to what its user reads: their own frames, what happened, and what to try."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType

from workbench.records.runs import Failure

_PEER_WORDS = ("connection closed by peer", "connection reset by peer", "nccl", "gloo", "socket timeout", "broken pipe")
_OWN_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def describe(error: BaseException, *, rank: int, is_user_file: dict[str, str], roots: tuple[str, ...]) -> Failure:
    """What the user is told about an exception that ended their cell.

    Args:
        error: What was raised.
        rank: Where.
        is_user_file: Names of the cell and of notebook-defined code, as they stand in frames.
        roots: Folders whose modules are the user's own.
    """
    if isinstance(error, SystemExit):
        return Failure("error", f"the cell called exit with code {error.code}", rank=rank)
    text = "".join(_format(error, is_user_file, roots)).rstrip()
    message = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    return Failure("error", message, traceback=text, rank=rank, fix=_advice(error))


def is_peer_error(error: BaseException) -> bool:
    """Whether this only says that another rank went away (a collective that could not complete)."""
    text = str(error).lower()
    name = type(error).__name__
    return name == "DistBackendError" or (isinstance(error, RuntimeError) and any(word in text for word in _PEER_WORDS))


def _format(error: BaseException, user_files: dict[str, str], roots: tuple[str, ...]) -> list[str]:
    chain: list[str] = []
    if error.__cause__ is not None:
        chain += _format(error.__cause__, user_files, roots)
        chain.append("\nThe above exception was the direct cause of the following exception:\n\n")
    elif error.__context__ is not None and not error.__suppress_context__:
        chain += _format(error.__context__, user_files, roots)
        chain.append("\nDuring handling of the above exception, another exception occurred:\n\n")
    frames = _user_frames(error.__traceback__, user_files, roots)
    if frames:
        chain.append("Traceback (most recent call last):\n")
        chain += traceback.StackSummary.from_list(frames).format()
    if isinstance(error, SyntaxError) and error.filename in user_files:
        return chain + traceback.format_exception_only(error)
    return chain + traceback.format_exception_only(error)


def _user_frames(
    tb: TracebackType | None, user_files: dict[str, str], roots: tuple[str, ...]
) -> list[traceback.FrameSummary]:
    """The frames of the user's code, and the library call that raised below the last of them."""
    frames = [frame for frame in traceback.extract_tb(tb) if not _is_machinery(frame.filename)]
    mine = [index for index, frame in enumerate(frames) if _is_user(frame.filename, user_files, roots)]
    kept = [frames[index] for index in mine]
    if mine and mine[-1] + 1 < len(frames):
        kept.append(frames[-1])
    for frame in kept:
        frame.filename = user_files.get(frame.filename, frame.filename)
    return kept


def _is_user(filename: str, user_files: dict[str, str], roots: tuple[str, ...]) -> bool:
    if filename in user_files:
        return True
    inside = any(filename.startswith(root + os.sep) for root in roots)
    return inside and "site-packages" not in filename and not filename.startswith(sys.prefix + os.sep)


def _is_machinery(filename: str) -> bool:
    return filename.startswith(os.path.join(_OWN_ROOT, "workbench") + os.sep) or (
        f"{os.sep}IPython{os.sep}" in filename
    )


def _advice(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, ValueError) and ("read-only" in text or "WRITEABLE" in text):
        return "Large captured arrays are shared read-only between workers: change a copy, `X = X.copy()`."
    if isinstance(error, ModuleNotFoundError):
        return f"Give the run that package: `%%train --pip {error.name}`."
    if type(error).__name__ == "OutOfMemoryError":
        return "The GPU's memory is full: use a smaller batch, or --gpus-per-worker 1 for a GPU of its own."
    if isinstance(error, MemoryError):
        return "The worker's memory is full: use fewer workers or less data per worker."
    return ""
