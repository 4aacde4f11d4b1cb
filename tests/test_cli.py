"""The command line: the same verbs, exit codes for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli import main

pytestmark = pytest.mark.timeout(240)


def test_cli_runs_a_file_lists_and_shows_it(cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cluster / "job.py").write_text("from workbench import log\nlog(score=0.5)\nprint('from the file')\n")
    assert main(["train", "job.py", "--name", "from-cli"]) == 0
    shown = capsys.readouterr().out
    assert "from the file" in shown
    assert "finished" in shown
    assert main(["runs", "from-cli"]) == 0
    assert "0.5" in capsys.readouterr().out
    assert main(["runs", "logs", "from-cli"]) == 0
    assert "from the file" in capsys.readouterr().out
    assert main(["runs", "open", "from-cli"]) == 0
    assert (cluster / "from-cli.ipynb").exists()
    assert main(["status"]) == 0


def test_cli_failed_run_gives_exit_code_1(cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cluster / "bad.py").write_text("def f():\n    raise KeyError('k')\nf()\n")
    assert main(["train", "bad.py"]) == 1
    assert 'bad.py", line 2, in f' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "usage: workbench"),
        (["trian"], 2, "Did you mean 'train'"),
        (["train", "nothing.py"], 2, "no such file"),
        (["runs", "show"], 2, "name one"),
        (["train", "--help"], 0, "--workers"),
    ],
)
def test_cli_words(words: list[str], code: int, said: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == code
    out, err = capsys.readouterr()
    assert said in out + err
