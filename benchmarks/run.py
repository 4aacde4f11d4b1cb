"""All measurements, side by side with the peers in one run; prints a table and writes it to a file.

make bench                      everything (about forty minutes on two cores)
python benchmarks/run.py log    only what is named: start, peers, log, throughput, array, panel, sweeps,
                                serving
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import measure_array
import measure_log
import measure_panel
import measure_peers
import measure_serving
import measure_start
import measure_sweeps
import measure_throughput
from figures import Figure, table

PARTS = {
    "start": measure_start.measure,
    "peers": measure_peers.measure,
    "log": measure_log.measure,
    "throughput": measure_throughput.measure,
    "array": measure_array.measure,
    "panel": measure_panel.measure,
    "sweeps": measure_sweeps.measure,
    "serving": measure_serving.measure,
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--write", type=Path, help="also write the table to this file")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.parts if name not in PARTS]
    if unknown:
        parser.error(f"Cannot measure {unknown[0]!r}: the parts are {', '.join(PARTS)}.")
    folder = Path(tempfile.mkdtemp(prefix="workbench-bench-"))
    (folder / "pyproject.toml").touch()
    os.environ["WORKBENCH_HOME"] = str(folder / "home")
    os.chdir(folder)
    figures: list[Figure] = []
    for name in arguments.parts or PARTS:
        print(f"measuring {name} …", flush=True)
        figures += PARTS[name](folder)
    from workbench.cluster import connection, local

    connection.disconnect()
    local.stop()
    text = f"{environment()}\n\n{table(figures)}\n"
    print(f"\n{text}")
    if arguments.write:
        arguments.write.write_text(text)


def environment() -> str:
    """What it was measured with."""
    names = ("ray", "mlflow", "optuna", "torch", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"Measured {time.strftime('%Y-%m-%d')} with Python {platform.python_version()}, {versions} on "
        f"{os.cpu_count()} cores. Medians; ratios count, not seconds."
    )


if __name__ == "__main__":
    main()
