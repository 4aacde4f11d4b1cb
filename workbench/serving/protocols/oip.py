"""The Open Inference Protocol's metadata, and its header for binary tensors."""

from __future__ import annotations

from typing import Any

from workbench.records.endpoint_snapshot import ModelField, ModelSchema
from workbench.serving.content_types import BINARY
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.datatypes import datatype
from workbench.settings import package_version

HEADER = b"inference-header-content-length"


def server() -> dict[str, Any]:
    """Return the answer to ``/v2``."""
    return {"name": "workbench", "version": package_version(), "extensions": ["binary_tensor_data"]}


def metadata(name: str, versions: list[str], schema: ModelSchema) -> dict[str, Any]:
    """Return the answer to ``/v2/models/NAME``."""
    return {
        "name": name,
        "versions": versions,
        "platform": schema.get("flavor") or "",
        "inputs": [_tensor(tensor) for tensor in schema["inputs"]],
        "outputs": [_tensor(tensor) for tensor in schema.get("outputs") or []],
    }


def binary_type(header: bytes) -> str:
    """Return the content type of a body that begins with so many bytes of JSON as its header says.

    Raises:
        RequestError: 400 for a header that is no number.
    """
    if not header.isdigit() or len(header) > 12:
        raise RequestError(
            400, "Cannot read the body: Inference-Header-Content-Length is no number. Give the JSON's bytes."
        )
    return BINARY + header.decode()


def _tensor(tensor: ModelField) -> dict[str, Any]:
    return {
        "name": tensor["name"],
        "datatype": datatype(tensor["dtype"]),
        "shape": list(tensor["shape"]),
    }
