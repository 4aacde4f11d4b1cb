"""The endpoints that a gateway runs, and where each of their versions stands."""

from __future__ import annotations

from workbench.errors import EndpointNotFoundError, OptionError, suggestion
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.versions import VersionStatus


class Endpoints:
    """The endpoints by name, shared by the parts of the control plane.

    Attributes:
        states: What is on disk of each endpoint.
        statuses: What is known besides of each version, by endpoint and label.
    """

    def __init__(self) -> None:
        self.states: dict[str, EndpointState] = {}
        self.statuses: dict[str, dict[str, VersionStatus]] = {}

    def add(self, endpoint: EndpointState) -> None:
        """Add an endpoint that has no running version yet."""
        self.states[endpoint.name] = endpoint
        self.statuses[endpoint.name] = {}

    def remove(self, name: str) -> dict[str, VersionStatus]:
        """Remove an endpoint; return the versions that it had."""
        del self.states[name]
        return self.statuses.pop(name)

    def get(self, name: str) -> EndpointState:
        """Return an endpoint.

        Raises:
            EndpointNotFoundError: There is none of that name; the message lists those that exist.
        """
        if name not in self.states:
            known = ", ".join(sorted(self.states)) or "none"
            near = suggestion(name, self.states)
            raise EndpointNotFoundError(f"Cannot find endpoint {name!r}: published are {known}.{near}")
        return self.states[name]

    def version(self, name: str, label: str) -> VersionStatus:
        """Return a version that can take traffic.

        Raises:
            OptionError: There is no such version; the message lists those that exist.
        """
        statuses = self.statuses[name]
        found = statuses.get(label)
        versions = self.states[name].versions
        if found is None or not found.can_serve or label not in versions:
            known = ", ".join(one for one, status in statuses.items() if status.can_serve and one in versions)
            raise OptionError(f"Cannot use version {label!r} of {name!r}: its versions are {known or 'none'}.")
        return found

    def leading(self, endpoint: EndpointState | None) -> VersionStatus | None:
        """Return the version with the most traffic, None where no version can take it."""
        if endpoint is None or endpoint.champion is None:
            return None
        found = self.statuses[endpoint.name].get(endpoint.champion)
        return found if found is not None and found.can_serve else None

    def is_current(self, name: str, status: VersionStatus) -> bool:
        """Return whether a version was neither withdrawn nor replaced under its label."""
        return self.statuses.get(name, {}).get(status.version.label) is status
