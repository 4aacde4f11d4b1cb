"""The errors of Workbench: each message says what is wrong and what to do next.

The tree::

    WorkbenchError
    ├── OptionError            an option of a magic, command or function cannot be used
    ├── CellError              the cell cannot be turned into a run
    │   └── CaptureError       a value that the cell reads cannot leave the kernel
    ├── ClusterError           there is no cluster, or it cannot be used
    │   ├── ResourcesError     the cluster can never meet the request
    │   └── ForemanError       the foreman died or does not answer
    ├── TrackingError          the tracking store cannot be read or written
    ├── RunNotFoundError       no run has that name or id
    ├── ModelNotFoundError     the registry has no such model, version or alias
    ├── EndpointNotFoundError  no endpoint has that name
    ├── ServingError           an endpoint cannot be changed, or does not answer
    │   └── PredictionError    an endpoint answered a request with an error
    └── RunFailedError         a run that was waited for did not finish
        └── RunStoppedError    ... because someone stopped it

Every class takes one positional message, and keeps further facts in ``facts``, from where they are readable as
attributes. Errors survive pickling between processes. Notebooks show the message alone, without a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class WorkbenchError(Exception):
    """Base of all errors that Workbench raises on purpose.

    Args:
        message: The message in the form "Cannot X: Y is Z. Do W.", with the value quoted.
        facts: Further facts for programs by name, readable as attributes of the error.
    """

    def __init__(self, message: str, /, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        """Return a fact."""
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle needs to build the error again, its facts included."""
        return (_rebuild, (type(self), self.args[0], self.facts))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in a cell instead of a traceback: the message alone."""
        first, *rest = str(self).splitlines() or [""]
        return [f"\x1b[31m{type(self).__name__}:\x1b[0m {first}", *rest]


def _rebuild(cls: type[WorkbenchError], message: str, facts: dict[str, Any]) -> WorkbenchError:
    return cls(message, **facts)


class OptionError(WorkbenchError):
    """An option of a magic, command or function cannot be used."""


class CellError(WorkbenchError):
    """The cell cannot be turned into a run."""


class CaptureError(CellError):
    """A value that the cell reads cannot be sent to the workers."""


class ClusterError(WorkbenchError):
    """There is no cluster, or it cannot be used."""


class ResourcesError(ClusterError):
    """The cluster can never meet the resources that a run requests."""


class ForemanError(ClusterError):
    """The foreman died or does not answer."""


class TrackingError(WorkbenchError):
    """The tracking store cannot be read or written."""


class RunNotFoundError(WorkbenchError):
    """No run has that name or id."""


class ModelNotFoundError(WorkbenchError):
    """The registry has no model, version or alias of that name."""


class EndpointNotFoundError(WorkbenchError):
    """No endpoint has that name."""


class ServingError(WorkbenchError):
    """An endpoint cannot be changed that way, or does not answer."""


class PredictionError(ServingError):
    """An endpoint answered a request with an error.

    The message is the endpoint's.

    Attributes:
        status: The HTTP status.
        field: The column, tensor or key at fault; None where no single one is.
    """


class RunFailedError(WorkbenchError):
    """A run that was waited for ended without finishing."""


class RunStoppedError(RunFailedError):
    """A run that was waited for was stopped."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known word, or an empty string.

    >>> suggestion("--worker", ["--workers", "--wait"])
    " Did you mean '--workers'?"
    >>> suggestion("zzz", ["--workers"])
    ''
    """
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
