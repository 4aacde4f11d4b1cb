"""The content types of bodies, as clients, the gateway and replicas write them."""

from __future__ import annotations

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
ARROW = "application/vnd.apache.arrow.stream"
BINARY = "application/vnd.workbench.v2+binary;json="
"""The Open Inference Protocol with binary tensors, between gateway and replica; the length of the JSON part follows."""
LINES = "application/x-ndjson"
EVENTS = "text/event-stream"
TEXT = "text/plain"
