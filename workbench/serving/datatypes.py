"""The datatypes of the Open Inference Protocol and those of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMPY = {
    "BOOL": "bool", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
    "INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
"""NumPy's dtype by the protocol's datatype. BYTES is not among them, nor BF16, which NumPy does not have."""
_WORDS = {np.dtype(code): word for word, code in NUMPY.items()}


def datatype(dtype: Any) -> str:
    """Return the protocol's name of a NumPy dtype; a dtype that it does not know is BYTES."""
    return _WORDS.get(np.dtype(dtype).newbyteorder("<"), "BYTES")
