"""From an exception to what its user reads: their own frames, what happened, and what to try."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from types import TracebackType

from workbench.records.runs import Failure

_PEER_WORDS = ("connection closed by peer", "connection reset by peer", "nccl", "gloo", "socket timeout", "broken pipe")
_OWN_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True)
class UserCode:
    """Tells the frames of the user's code from those of libraries.

    Attributes:
        files: The names that users know, by the file names of the cell and of notebook-defined code in frames.
        roots: Folders whose modules are the user's own.
    """

    files: dict[str, str]
    roots: tuple[str, ...]


def describe(error: BaseException, *, rank: int, user_code: UserCode) -> Failure:
    """Return what the user reads about an exception that ended their cell.

    Args:
        error: The exception.
        rank: The rank that raised it.
        user_code: Which frames to show.
    """
    if isinstance(error, SystemExit):
        return Failure("error", f"the cell called exit with code {error.code}", rank=rank)
    text = "".join(_format(error, user_code)).rstrip()
    message = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    return Failure("error", message, traceback=text, rank=rank, fix=_advice(error))


def is_peer_error(error: BaseException) -> bool:
    """Return whether this only says that another rank went away (a collective that could not complete)."""
    text = str(error).lower()
    name = type(error).__name__
    return name == "DistBackendError" or (isinstance(error, RuntimeError) and any(word in text for word in _PEER_WORDS))


def _format(error: BaseException, user_code: UserCode) -> list[str]:
    chain: list[str] = []
    if error.__cause__ is not None:
        chain += _format(error.__cause__, user_code)
        chain.append("\nThe above exception was the direct cause of the following exception:\n\n")
    elif error.__context__ is not None and not error.__suppress_context__:
        chain += _format(error.__context__, user_code)
        chain.append("\nDuring handling of the above exception, another exception occurred:\n\n")
    frames = _user_frames(error.__traceback__, user_code)
    if frames:
        chain.append("Traceback (most recent call last):\n")
        chain += traceback.StackSummary.from_list(frames).format()
    return chain + traceback.format_exception_only(error)


def _user_frames(tb: TracebackType | None, user_code: UserCode) -> list[traceback.FrameSummary]:
    """Return the frames of the user's code, and the library call that raised below the last of them."""
    frames = [frame for frame in traceback.extract_tb(tb) if not _is_machinery(frame.filename)]
    mine = [index for index, frame in enumerate(frames) if _is_user(frame.filename, user_code)]
    shown = [frames[index] for index in mine]
    if mine and mine[-1] + 1 < len(frames):
        shown.append(frames[-1])
    for frame in shown:
        frame.filename = user_code.files.get(frame.filename, frame.filename)
    return shown


def _is_user(filename: str, user_code: UserCode) -> bool:
    if filename in user_code.files:
        return True
    inside = any(filename.startswith(root + os.sep) for root in user_code.roots)
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
