"""The magics in a plain IPython shell: words, help, completion; the cluster is real where one is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench.errors import OptionError, WorkbenchError
from workbench.notebook.completion import completions
from workbench.options.catalog import magic_parser
from workbench.options.option import given_of
from workbench.options.parser import split
from workbench.options.run import RUN, check_options
from workbench.records.runs import RunOptions

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def shell() -> Iterator[Any]:
    InteractiveShell.clear_instance()
    found = InteractiveShell.instance()
    found.run_line_magic("load_ext", "workbench")
    yield found
    found.run_line_magic("unload_ext", "workbench")
    InteractiveShell.clear_instance()


def options_of(line: str) -> RunOptions:
    return check_options(**given_of(RUN, vars(magic_parser("%%train").parse(split(line)))))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--worker 2", "Did you mean '--workers'"),
        ("--workers 0", "1 or more"),
        ("--workers -3", "1 or more"),
        ("--workers two", "invalid int"),
        ("--gpus-per-worker 1.5", "Ask for 1 or 2"),
        ("--gpus-per-worker -1", "0 or more"),
        ("--memory lots", "512M, 2G"),
        ("--timeout soon", "90s, 10m, 2h"),
        ("--engine crow", "Did you mean 'crew'"),
        ("--returns a;b", "--returns a,b"),
        ("--env NOVALUE", "NAME=VALUE"),
        ("--retries -1", "0 or more"),
        ("'open quote", "Close the quotation mark"),
        ("a b", "'b'"),
    ],
)
def test_train_line_that_is_wrong_names_the_word_and_the_fix(line: str, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        options_of(line)
    assert words in str(caught.value)


def test_train_line_that_is_right() -> None:
    options = options_of(
        "digits --workers 2 --gpus-per-worker 0.5 --memory 2G --returns a,b --timeout 10m --pip x y==1 --env K=V "
        "--retries 2 --wait"
    )
    assert options.name == "digits"
    assert (options.resources.workers, options.resources.gpus_per_worker, options.resources.memory_mb) == (2, 0.5, 2048)
    assert (options.returns, options.timeout_s, options.pip, options.env) == (
        ("a", "b"),
        600.0,
        ("x", "y==1"),
        {"K": "V"},
    )
    assert (options.retries, options.wait) == (2, True)


def test_options_name_of_control_characters_is_refused() -> None:
    with pytest.raises(OptionError, match="printable"):
        check_options(name="a\nb")


def test_train_help_is_printed(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%train --help\npass")
    assert "--gpus-per-worker" in capsys.readouterr().out
    assert (
        "--gpus-per-worker" in shell.find_line_magic("runs").__doc__
        or "--sort" in shell.find_line_magic("runs").__doc__
    )


def test_train_error_is_a_message_without_a_traceback(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = shell.run_cell("%%train --worker 2\nx = 1")
    assert isinstance(result.error_in_exec, WorkbenchError)
    shown = capsys.readouterr().out
    assert "Did you mean '--workers'" in shown
    assert "Traceback" not in shown


def test_dry_run_shows_what_would_leave_and_starts_nothing(
    shell: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("import numpy as np\nX = np.ones(200_000)\nk = 3")
    result = shell.run_cell("%%train --dry-run\nprint(X.sum() * k)")
    assert result.success
    shown = capsys.readouterr().out
    assert "To send: 1.5 MiB" in shown
    assert "ndarray" in shown
    assert not (project / ".workbench").exists()


def test_completions() -> None:
    assert completions("train", [], "--gp") == ["--gpus-per-worker"]
    assert completions("workbench", [], "do") == ["down", "doctor"]
    assert "compare" in completions("runs", [], "co")
    assert completions("sweep", ["--pruner"], "") == ["none", "asha", "hyperband", "median", "patience"]
    assert completions("sweep", ["--sampler", "ns"], "ns") == ["nsga2"]


def test_train_in_a_terminal_holds_and_binds(shell: Any, cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = shell.run_cell("%%train held --returns answer\nprint('hello from a worker')\nanswer = 6 * 7")
    assert result.success, result.error_in_exec
    assert shell.user_ns["answer"] == 42
    shown = capsys.readouterr().out
    assert "hello from a worker" in shown
    assert "run held · finished" in shown
    shell.run_cell("%runs held")
    assert "held" in capsys.readouterr().out
    shell.run_cell("%runs show held")
    shell.run_cell("%workbench status")
    assert "CPU" in capsys.readouterr().out
    shell.run_cell("%runs shw held --sort")
    assert "expected one argument" in capsys.readouterr().out


def test_train_that_fails_in_a_terminal_ends_the_cell_as_failed(shell: Any, cluster: Path) -> None:
    result = shell.run_cell("%%train\n1 / 0")
    assert isinstance(result.error_in_exec, WorkbenchError)


def test_a_cell_that_reads_a_coming_name_waits(shell: Any, cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%train --no-wait --returns late\nimport time\ntime.sleep(1)\nlate = 5")
    result = shell.run_cell("doubled = late * 2")
    assert result.success, result.error_before_exec
    assert shell.user_ns["doubled"] == 10
    assert "Waiting for 'late'" in capsys.readouterr().out


def test_a_cell_whose_name_did_not_come_is_told_why(shell: Any, cluster: Path) -> None:
    shell.run_cell("%%train gone --no-wait --returns never\nimport time\ntime.sleep(0.5)\nnever = 1 / 0")
    result = shell.run_cell("never")
    assert "'never' did not come: run gone failed" in str(result.error_before_exec)


def test_doctor_looks_at_everything(shell: Any, cluster: Path) -> None:
    result = shell.run_cell("%workbench doctor")
    rows = {row[1]: row for row in result.result.rows}
    assert {"Python", "ray", "tracking store", "cluster's ray", "cluster token"} <= set(rows)
    assert all(row[0] == "ok" for row in rows.values()), rows
