"""LitServe as its first page shows it: ``python serve_litserve.py KIND FOLDER PORT``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import litserve
import models


class Model(litserve.LitAPI):
    """The model, asked with JSON."""

    def setup(self, device: str) -> None:
        self.answer = models.load(sys.argv[1], Path(sys.argv[2]))

    def decode_request(self, request):  # an annotation would be taken for its form
        return request["inputs"]

    def predict(self, x: Any) -> list[Any]:
        return self.answer(x)

    def encode_response(self, output: list[Any]) -> dict[str, Any]:
        return {"predictions": output}


if __name__ == "__main__":
    server = litserve.LitServer(Model(), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[3]), generate_client_file=False)
