"""Training throughput inside a cell against the same code as a plain script."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import Figure

PAIRS = 6
CODE = """
import time
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(256, 784), torch.randint(0, 10, (256,))
def train(steps):
    began = time.perf_counter()
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return steps / (time.perf_counter() - began)
train(100)
rate = train(800)
"""


def measure(folder: Path) -> list[Figure]:
    """The figures: pairs in turn, the ratio pair by pair, since the machine's speed drifts."""
    import workbench

    ratios, ours, plain = [], [], []
    workbench.train(CODE, returns="rate").result()
    for number in range(PAIRS):
        time.sleep(6)  # spares that the last run took are replaced: as after reading its result
        pair = [lambda: _cell(), lambda: _script()]
        values = [call() for call in (pair if number % 2 else pair[::-1])]
        cell, script = values if number % 2 else values[::-1]
        ours.append(cell)
        plain.append(script)
        ratios.append(cell / script)
    return [
        Figure("training steps a second in a cell, against a plain script", f"{statistics.median(ours):.0f}",
               f"{statistics.median(plain):.0f}",
               f"{statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})", "at least 0.99")
    ]  # fmt: skip


def _cell() -> float:
    import workbench

    rate: float = workbench.train(CODE, returns="rate").result()
    return rate


def _script() -> float:
    done = subprocess.run([sys.executable, "-c", CODE + "\nprint(rate)"], capture_output=True, text=True, check=True)
    return float(done.stdout)
