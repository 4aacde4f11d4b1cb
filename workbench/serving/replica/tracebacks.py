"""The text of a model's exception, without the frames that called the model."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

_OURS = str(Path(__file__).parent)


def own_traceback(error: BaseException) -> str:
    """Return the traceback from the model's first frame on."""
    return "".join(traceback.format_exception(type(error), error, _inner(error.__traceback__))).rstrip()


def in_short(error: BaseException) -> str:
    """Return an exception's type and message."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _inner(trace: TracebackType | None) -> TracebackType | None:
    inner = trace
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith(_OURS):
        inner = inner.tb_next
    return inner or trace
