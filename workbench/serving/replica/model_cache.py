"""The models that a replica holds: as many as fit; the least recently used one goes first."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from workbench.records.endpoint_snapshot import ModelSchema
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
        model: The model.
        codec: The model's codec.
        runs_alone: Whether each request is computed alone: what the model returns cannot be split by request.
    """

    model: LoadedModel
    codec: Codec
    runs_alone: bool


class ModelCache:
    """Loads models when they are requested, and lets go of them.

    An ``OrderedDict`` and not ``cachetools.LRUCache``: a model goes before the next one is loaded, so that memory need
    not hold both; that cache lets it go afterwards.

    Args:
        models: MLflow's URI of each model by its name.
        endpoint: The endpoint's name, which answers quote.
        version: The version's label, which answers quote.
        gpus: The replica's GPUs.
        room: The most models that are loaded at a time.
        on_change: Called with the names of the loaded models when they change.
        observe: Called with a model's name, and the rows and milliseconds of its warm-up.
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
        self.schemas: dict[str, ModelSchema] = {}

    def load_all(self) -> None:
        """Load each model once, so that one that cannot load is found now; the first ones stay.

        Raises:
            ModelLoadError: One does not load, or does not answer its own example.
        """
        for name in reversed(self._uris):
            self.get(name)

    @property
    def loaded_names(self) -> list[str]:
        """The names of the models that are loaded."""
        return list(self._cached)

    def resolve(self, name: str) -> str:
        """Return a model's name; an empty one is the only model.

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
        """Return a model's codec; the model need not be loaded any more."""
        return self._codecs[name] if name in self._codecs else self.get(name).codec

    def get(self, name: str) -> CachedModel:
        """Return a model, and load it where it is not.

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
        return CachedModel(model, codec, runs_alone=model.is_generator)  # what it yields belongs to one request

    def _warm(self, name: str, model: LoadedModel, codec: Codec) -> None:
        """Predict the model's own example: a health check, and no later request is as slow as the first."""
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
