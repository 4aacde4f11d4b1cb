"""A run's checkpoints on disk: written aside and renamed, so that a killed worker leaves no torn one."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import cloudpickle

_MAX_CHECKPOINTS = 2
_STATE = "state.pkl"
_TORCH_STATE = "state.pt"


class CheckpointFolder:
    """The checkpoints of one run, numbered; the newest two are kept.

    Args:
        folder: The folder that holds them; created with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbered(self) -> list[Path]:
        """Return the whole checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))

    def save(self, source: Any) -> Path:
        """Save a state, or a copy of the file or folder at a path, as the newest checkpoint; return its folder.

        Raises ``FileNotFoundError`` for a path that is not there and ``OSError`` when the disk is
        full; earlier checkpoints stay as they are.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = self.folder / f".{uuid.uuid4().hex}"
        aside.mkdir()
        try:
            _fill(aside, source)
            present = self.numbered()
            target = self.folder / str(int(present[-1].name) + 1 if present else 1)
            os.replace(aside, target)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        for old in self.numbered()[:-_MAX_CHECKPOINTS]:
            shutil.rmtree(old, ignore_errors=True)
        return target

    def load(self) -> Any:
        """Return what was saved last: the state, or the path of the saved file or folder; None at first."""
        present = self.numbered()
        if not present:
            return None
        newest = present[-1]
        if (newest / _TORCH_STATE).exists():
            import torch

            return torch.load(newest / _TORCH_STATE, map_location="cpu", weights_only=False)
        if (newest / _STATE).exists():
            return cloudpickle.loads((newest / _STATE).read_bytes())
        (content,) = (newest / "path").iterdir()
        return content


def _fill(folder: Path, source: Any) -> None:
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.exists():
            raise FileNotFoundError(
                f"Cannot save the checkpoint {str(source)!r}: there is no such file or folder. "
                f"Write it first, or pass the state itself: checkpoint({{'model': model.state_dict()}})."
            )
        (folder / "path").mkdir()
        if path.is_dir():
            shutil.copytree(path, folder / "path" / path.name)
        else:
            shutil.copy2(path, folder / "path" / path.name)
    elif "torch" in sys.modules:
        sys.modules["torch"].save(source, folder / _TORCH_STATE, pickle_module=cloudpickle)
    else:
        (folder / _STATE).write_bytes(cloudpickle.dumps(source))
