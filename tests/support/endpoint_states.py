"""States of endpoints for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.records.endpoints import ServedModel, ServingOptions, Version
from workbench.serving.control.endpoint_state import EndpointState


def version(label: str, number: int = 0) -> Version:
    model = ServedModel("digits", number or int(label), f"models:/digits/{label}", "")
    return Version(label, f"app-{label}", (model,), ServingOptions(), 1.0)


def endpoint_of(folder: Path, **facts: Any) -> EndpointState:
    endpoint = EndpointState("digits", str(folder / ".workbench"), f"sqlite:///{folder}/mlflow.db", **facts)
    endpoint.versions = {label: version(label) for label in "12"}
    return endpoint
