"""The state of an endpoint on disk: one file in its project's folder, which outlives every process."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TypedDict

from workbench.records.endpoint_snapshot import EndpointEvent
from workbench.records.endpoints import Canary, Limits, RouteTable, Version

log = logging.getLogger(__name__)

_EVENTS = 20
_PAST = 10


class StoredToken(TypedDict):
    """A token as the gateway knows it: its SHA-256, and when it was made, in seconds since the epoch."""

    digest: str
    created_at: float


@dataclass
class EndpointState:
    """Everything of an endpoint that must come back after a restart.

    Attributes:
        name: The endpoint's name.
        state_dir: ``.workbench/`` of the project that published it.
        tracking_uri: The store that its models are registered in.
        artifact_dir: The artifacts of an embedded tracking store.
        notebook: The notebook that published it last.
        versions: The versions by label, oldest first.
        weights: Percent of the traffic by version.
        past: Earlier weights, the newest last; a roll-back goes to these.
        shadow: The version that gets a copy of each request.
        canary: The canary on trial.
        held: Versions that stay up without traffic until one is promoted.
        aliases: The alias that a version gets once all traffic is its own.
        alias_before: By version that has got its alias, what that named before: number by model, 0 for none.
        tokens: The tokens by label.
        limits: The limits on clients.
        events: The last events, the newest last.
        apps: How many Serve applications it has had.
    """

    name: str
    state_dir: str
    tracking_uri: str
    artifact_dir: str | None = None
    notebook: str = ""
    versions: dict[str, Version] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    past: list[dict[str, float]] = field(default_factory=list)
    shadow: str | None = None
    canary: Canary | None = None
    held: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    alias_before: dict[str, dict[str, int]] = field(default_factory=dict)
    tokens: dict[str, StoredToken] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    events: list[EndpointEvent] = field(default_factory=list)
    apps: int = 0

    @property
    def path(self) -> Path:
        """The file that keeps it."""
        return Path(self.state_dir) / "endpoints" / f"{self.name}.json"

    @property
    def champion(self) -> str | None:
        """The version with the most traffic, None where there is none yet."""
        return max(self.weights, key=lambda label: self.weights[label], default=None)

    def route_table(self) -> RouteTable:
        """Return the table by which the data plane routes."""
        digests = {label: token["digest"] for label, token in self.tokens.items()}
        return RouteTable(self.name, dict(self.weights), self.shadow, digests, self.limits)

    def set_weights(self, weights: dict[str, float]) -> None:
        """Replace the weights, and keep the old ones for a roll-back."""
        if self.weights and weights != self.weights:
            self.past = [*self.past, self.weights][-_PAST:]
        self.weights = weights

    def remove_version(self, label: str) -> None:
        """Remove a version, and everything that leads to it."""
        self.versions.pop(label, None)
        self.weights.pop(label, None)
        self.past = [past for past in self.past if label not in past]
        self.held = [one for one in self.held if one != label]
        self.aliases.pop(label, None)
        self.alias_before.pop(label, None)
        if self.shadow == label:
            self.shadow = None
        if self.canary is not None and self.canary.version == label:
            self.canary = None

    def add_event(self, text: str) -> None:
        """Add an event to the list that the panel shows."""
        event: EndpointEvent = {"t": time.time(), "text": text}
        self.events = [*self.events, event][-_EVENTS:]

    def save(self) -> None:
        """Write the file: whole or not at all, readable by its user alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=1)
        aside.replace(self.path)

    def erase(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> EndpointState:
        """Return the endpoint that :meth:`save` wrote to a file."""
        known = {part.name for part in fields(cls)}
        data = {name: value for name, value in json.loads(path.read_text()).items() if name in known}
        data["state_dir"] = str(path.parent.parent)  # the project may have been moved or copied
        data["versions"] = {label: Version.from_json(version) for label, version in data["versions"].items()}
        data["canary"] = Canary(**data["canary"]) if data["canary"] else None
        data["limits"] = Limits(**data["limits"])
        return cls(**data)


def load_endpoints(state_dirs: Iterable[str | Path]) -> list[EndpointState]:
    """Return the endpoints on disk in these projects' folders; a file that cannot be read is left out."""
    found = []
    for state_dir in dict.fromkeys(str(folder) for folder in state_dirs):
        try:
            paths = sorted((Path(state_dir) / "endpoints").glob("*.json"))
        except OSError:  # a project on a disk that is not there now
            continue
        for path in paths:
            try:
                found.append(EndpointState.load(path))
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("the endpoint in %s cannot be read: %s", path, error)
    return found
