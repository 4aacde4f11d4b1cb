"""The models that a replica holds: as many as fit, the one unused for longest goes first."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from workbench.serving.content_types import JSON
from workbench.serving.replica.codecs.codecs import Codec, join
from workbench.serving.replica.codecs.encode import normal
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.loading import LoadedModel, ModelLoadError, load
from workbench.serving.replica.tracebacks import in_short, own_traceback

_WARM_S = 0.5


@dataclass
class CachedModel:
    """A model that is loaded.

    Attributes:
        model: What predicts.
        codec: What decodes for it.
        is_asked_alone: Whether what it returns cannot be told apart by request.
    """

    model: LoadedModel
    codec: Codec
    runs_alone: bool


class ModelCache:
    """Loads models when they are asked, and lets go of them.

    Args:
        models: MLflow's address of each by its name.
        endpoint: For what answers say of themselves.
        version: Likewise.
        gpus: Of the replica.
        room: How many models are held at a time.
        on_change: Told the names of those held.
        observe: Told a model's name, rows and milliseconds of what it was warmed with.
    """

    def __init__(
        self,
        models: dict[str, str],
        *,
        endpoint: str,
        version: str,
        gpus: float,
        room: int,
        on_change: Callable[[list[str]], None],
        observe: Callable[[str, int, float], None],
    ) -> None:
        self._uris = models
        self._endpoint = endpoint
        self._version = version
        self._gpus = gpus
        self._room = max(1, room)
        self._on_change = on_change
        self._observe = observe
        self._cached: OrderedDict[str, CachedModel] = OrderedDict()
        self._codecs: dict[str, Codec] = {}
        self.schemas: dict[str, dict[str, Any]] = {}

    def load_all(self) -> None:
        """Load each once, so that one that cannot load is found now; the first ones stay.

        Raises:
            ModelLoadError: One does not load, or does not answer its own example.
        """
        for name in reversed(self._uris):
            self.get(name)

    @property
    def loaded_names(self) -> list[str]:
        """The models that are loaded."""
        return list(self._cached)

    def resolve(self, name: str) -> str:
        """A model's name; an empty one is the only model.

        Raises:
            RefusedError: There is no such model, or several and none is named.
        """
        if name in self._uris:
            return name
        if not name and len(self._uris) == 1:
            return next(iter(self._uris))
        what = f"there is no model {name!r}" if name else "there are several models"
        raise RefusedError(f"Cannot predict: {what}. Name one of {', '.join(self._uris)}.", status=404)

    def codec(self, name: str) -> Codec:
        """What decodes for a model, which need not be loaded any more."""
        return self._codecs[name] if name in self._codecs else self.get(name).codec

    def get(self, name: str) -> CachedModel:
        """A model, loaded now where it is not.

        Raises:
            ModelLoadError: It does not load, or does not answer its own example.
        """
        cached = self._cached.get(name)
        if cached is not None:
            if len(self._cached) > 1:
                self._cached.move_to_end(name)
            return cached
        while len(self._cached) >= self._room:
            self._cached.popitem(last=False)
            gc.unfreeze()
            gc.collect()
        cached = self._cached[name] = self._load(name)
        # Libraries and models are hundreds of thousands of objects that stay: looking through them for garbage would
        # stop the requests for a tenth of a second now and then.
        gc.collect()
        gc.freeze()
        self._on_change(self.loaded_names)
        return cached

    def _load(self, name: str) -> CachedModel:
        uri = self._uris[name]
        try:
            model = load(uri, self._gpus)
        except Exception as error:
            raise ModelLoadError(
                f"Cannot load {name!r} from {uri}: {in_short(error)}.", traceback=own_traceback(error)
            ) from error
        shown = self._endpoint if len(self._uris) == 1 else f"{self._endpoint}.{name}"
        codec = Codec(model.schema, takes_json=model.takes_json, model=shown, version=self._version)
        self._warm(name, model, codec)
        self.schemas[name] = model.schema
        self._codecs[name] = codec
        return CachedModel(model, codec, runs_alone=model.is_generator)  # what it yields is of one request

    def _warm(self, name: str, model: LoadedModel, codec: Codec) -> None:
        """Ask it its own example: a health check, after which its first request takes no longer than the others."""
        if model.example is None:
            return
        try:
            for _ in range(2):
                began = perf_counter()
                decoded = codec.decode("predict", JSON, model.example.encode())
                found = model.predict(join([decoded.data]), decoded.params)
                if model.is_generator:
                    found = list(found)
                codec.encode("predict", JSON, None, normal(found))
                took = perf_counter() - began
                if took > _WARM_S:
                    break
            self._observe(name, decoded.rows, took * 1e3)
        except Exception as error:
            raise ModelLoadError(
                f"Cannot use {name!r}: it does not answer its own example: {in_short(error)}.",
                traceback=own_traceback(error),
            ) from error
