"""Processes of the cluster that this test session started; other clusters may run beside it."""

from __future__ import annotations

import contextlib
import os

import psutil


def own_process(words: str) -> psutil.Process:
    """Return a process of this session's cluster whose command line has these words, else raise ``LookupError``."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if (
                words in " ".join(process.cmdline())
                and process.environ().get("WORKBENCH_HOME") == os.environ["WORKBENCH_HOME"]
            ):
                return process
    raise LookupError(words)


def title(process: psutil.Process) -> str:
    """Return a process's command line, empty where the process is gone."""
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""
