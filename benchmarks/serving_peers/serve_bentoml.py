"""BentoML with NumPy arrays in and out: ``bentoml serve serve_bentoml:Model``; the model is in ``PEER_MODEL``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bentoml
import models
import numpy as np


@bentoml.service
class Model:
    """The model, asked with JSON."""

    def __init__(self) -> None:
        kind, folder = json.loads(os.environ["PEER_MODEL"])
        self.answer = models.load(kind, Path(folder))

    @bentoml.api
    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions of rows."""
        return np.asarray(self.answer(inputs))
