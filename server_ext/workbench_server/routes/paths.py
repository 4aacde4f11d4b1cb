"""Names in a route's path: a text that can name nothing is answered at once, without asking the bridge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from workbench_server.bridge import BridgeError


@dataclass(frozen=True)
class Segment:
    """A name in a path.

    Args:
        name: The name of the segment, for the pattern and ``openapi.json``.
        description: The segment's meaning.
        pattern: The regular expression that it matches as a whole.
        noun: The kind of thing that it names.
        refusal: The words that say that a text can name nothing; the bridge looks for any text where there are none.
        error: The library's error for something that is not there.
        argument: The name of the bridge verb's argument, where that is another one.
    """

    name: str
    description: str
    pattern: str
    noun: str = ""
    refusal: str = ""
    error: str = ""
    argument: str = ""

    def schema(self) -> dict[str, Any]:
        """Return the segment's JSON schema."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}

    def read(self, text: str) -> Any:
        """Return the verb's argument; raise ``BridgeError`` for a text that can name nothing."""
        if self.refusal and not re.fullmatch(self.pattern, text):
            raise BridgeError(self.error, f"Cannot find {self.noun} {text!r}: {self.refusal}.")
        return text


@dataclass(frozen=True)
class Number(Segment):
    """A number in a path; -1, which numbers nothing, where the text is no number."""

    pattern: str = "[0-9]{1,9}"

    @override
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "maximum": 999_999_999}

    @override
    def read(self, text: str) -> int:
        return int(text) if re.fullmatch(self.pattern, text) else -1


RUN_ID = Segment("run_id", "MLflow's id.", "[0-9a-f]{32}", "run", "that is no run's id", "RunNotFoundError")
STORAGE = Segment("storage", "`storage_id` of a study.", "[0-9a-f]{10}")
STUDY = Number("study", "`study_id` of a study.", argument="study_id")
TRIAL = Number("number", "The trial's number.")
ENDPOINT = Segment(
    "name",
    "The endpoint's name.",
    "[A-Za-z0-9][A-Za-z0-9_-]{0,62}",
    "endpoint",
    "that is no endpoint's name",
    "EndpointNotFoundError",
)
TOKEN = Segment(
    "label",
    "The token's label.",
    "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}",
    "token",
    "that is no token's label",
    "EndpointNotFoundError",
)
MODEL = Segment(
    "name",
    "The registered model's name.",
    r"[^/:\x00-\x1f]{1,256}",
    "model",
    "that is no registered model's name",
    "ModelNotFoundError",
)
ALIAS = Segment(
    "alias", "The alias, as `champion`.", r"[\w-]{1,255}", "alias", "that is no alias's name", "ModelNotFoundError"
)
