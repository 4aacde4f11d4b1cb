"""The errors of Workbench: each says what it saw and what to do next.

The tree::

    WorkbenchError
    ├── OptionError          a magic or function was called with an unusable option
    ├── CellError            the cell cannot be turned into a run
    │   └── CaptureError     a value that the cell reads cannot leave the kernel
    ├── ClusterError         no cluster, or the cluster cannot be used
    │   ├── ResourcesError   the cluster can never meet the request
    │   └── ForemanError     the foreman died or does not answer
    ├── TrackingError        the tracking store cannot be read or written
    ├── RunNotFoundError     no run of that name or id
    ├── ModelNotFoundError   no model, version or alias of that name in the registry
    ├── EndpointNotFoundError  no endpoint of that name
    ├── ServingError         an endpoint cannot be changed, or cannot answer
    │   └── PredictionError  ... and says why: it has the endpoint's message, ``status`` and ``field``
    └── RunFailedError       a run that was waited for did not finish
        └── RunStoppedError  ... because someone stopped it

Every class takes one positional message and keeps extra facts as attributes in ``facts``, so that
each survives pickling between processes. Notebooks show the message alone, without a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class WorkbenchError(Exception):
    """Base of all errors that Workbench raises on purpose.

    Args:
        message: "Cannot X: Y is Z. Do W.", with the value quoted.
        facts: What a program may want to know, by name; readable as attributes.
    """

    def __init__(self, message: str, /, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args[0], self.facts))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a cell instead of a traceback: the message, nothing else."""
        first, *rest = str(self).splitlines() or [""]
        return [f"\x1b[31m{type(self).__name__}:\x1b[0m {first}", *rest]


def _rebuild(cls: type[WorkbenchError], message: str, facts: dict[str, Any]) -> WorkbenchError:
    return cls(message, **facts)


class OptionError(WorkbenchError):
    """A magic, command or function was called with an option that cannot be used."""


class CellError(WorkbenchError):
    """The cell cannot be turned into a run."""


class CaptureError(CellError):
    """A value that the cell reads cannot travel to the workers."""


class ClusterError(WorkbenchError):
    """There is no usable cluster."""


class ResourcesError(ClusterError):
    """The cluster can never meet what the run asks for."""


class ForemanError(ClusterError):
    """The foreman died or does not answer."""


class TrackingError(WorkbenchError):
    """The tracking store cannot be read or written."""


class RunNotFoundError(WorkbenchError):
    """No run of that name or id."""


class ModelNotFoundError(WorkbenchError):
    """No model, version or alias of that name in the registry."""


class EndpointNotFoundError(WorkbenchError):
    """No endpoint of that name."""


class ServingError(WorkbenchError):
    """An endpoint cannot be changed so, or does not answer."""


class PredictionError(ServingError):
    """An endpoint answered a request with an error.

    Its message is the endpoint's. ``status`` is HTTP's, ``field`` the column, tensor or key to blame or None.
    """


class RunFailedError(WorkbenchError):
    """A run that was waited for ended without finishing."""


class RunStoppedError(RunFailedError):
    """A run that was waited for was stopped."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"`` for the nearest known word, or an empty string.

    >>> suggestion("--worker", ["--workers", "--wait"])
    " Did you mean '--workers'?"
    >>> suggestion("zzz", ["--workers"])
    ''
    """
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
