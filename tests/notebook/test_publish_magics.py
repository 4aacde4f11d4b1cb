"""``%publish`` and ``%endpoints`` as a new user types them; the cluster is real where one is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.support.publishing import digits, other_digits, withdrawn
from workbench.errors import EndpointNotFoundError, ModelNotFoundError, OptionError
from workbench.notebook.completion import completions

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def shell(cluster: Path) -> Iterator[Any]:
    InteractiveShell.clear_instance()
    found = InteractiveShell.instance()
    found.run_line_magic("load_ext", "workbench")
    with withdrawn():
        yield found
    found.run_line_magic("unload_ext", "workbench")
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "the following arguments are required: model"),
        ("model --slow 3", "Did you mean '--slo'"),
        ("model --slo soon", "20ms"),
        ("model --replicas many", "1..4"),
        ("model --replicas 3..1", "1..4"),
        ("model --cpus -1", "0 or more"),
        ("model --canary 120%", "between 0 and 100"),
        ("model --canary 50%,10%", "each above the last"),
        ("model --canary 10% --shadow", "choose one"),
        ("model --max-body lots", "16M"),
        ("model --rate 0", "above 0"),
        ("model --rate inf", "finite"),
        ("model --max-body 0", "1 or more"),
        ("model --alias latest", "Choose another"),
        ("model --alias v3", "Choose another"),
        ("model --env conda", "cluster and pinned"),
        ("model --env-var NOVALUE", "NAME=VALUE"),
        ("model --cache -1", "0 or more"),
        ("model --samples 1001", "0 to 1000"),
        ("model --example Y", "no such name"),
        ("model --name a/b", "letters, digits"),
        ("model --name v2", "taken"),
        ("number", "it is a int"),
    ],
)
def test_publish_line_that_is_wrong_names_the_word_and_the_fix(shell: Any, line: str, words: str) -> None:
    shell.user_ns.update(model=digits()[0], number=3)
    with pytest.raises(OptionError) as caught:
        shell.run_line_magic("publish", line)
    assert words in str(caught.value)


def test_publish_words_that_name_nothing(shell: Any) -> None:
    with pytest.raises(ModelNotFoundError, match="no-such-thing"):
        shell.run_line_magic("publish", "no-such-thing --name x")


def test_publish_and_steer_from_the_notebook(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = digits()
    shell.user_ns.update(model=model, better=other_digits(), X=data)
    name = "from-the-notebook"

    card = shell.run_line_magic("publish", f"model --name {name}")
    assert f"endpoint {name} · live" in repr(card)
    assert "curl -s http://127.0.0.1" in repr(card)
    assert "100 %" in card._repr_html_()
    token = (Path(".workbench/tokens") / name / "default").read_text()
    assert token not in repr(card) + card._repr_html_()

    shell.run_line_magic("publish", f"better --name {name} --no-traffic")
    shown = shell.run_line_magic("endpoints", f"traffic {name} 1=75 2=25")
    assert "25 %" in repr(shown)
    assert "100 %" in repr(shell.run_line_magic("endpoints", f"promote {name} 2"))
    assert "75 %" in repr(shell.run_line_magic("endpoints", f"rollback {name}"))
    assert name in repr(shell.run_line_magic("endpoints", ""))
    assert "1 of 2 (to 3)" in repr(shell.run_line_magic("endpoints", f"scale {name} 2..3 --version 1"))
    assert completions("endpoints", ["show"], "from-the-n") == [name]
    assert completions("endpoints", [], "tra") == ["traffic"]
    with pytest.raises(OptionError, match="Did you mean 'traffic'"):
        shell.run_line_magic("endpoints", f"trafic {name} 1=100")
    with pytest.raises(OptionError, match="finite"):
        shell.run_line_magic("endpoints", f"traffic {name} 1=nan 2=1")
    with pytest.raises(OptionError, match="finite"):
        shell.run_line_magic("endpoints", f"limit {name} --rate nan")
    shell.run_line_magic("endpoints", f"limit {name} --rate 2")
    assert "2 requests a second and token" in capsys.readouterr().out
    shell.run_line_magic("endpoints", f"limit {name} --rate 0 --max-body 1M --cache 3 --samples 7")
    said = capsys.readouterr().out
    assert "any number of requests" in said
    assert "keeps 3 answers and 7 samples" in said
    with pytest.raises(OptionError, match="Cannot rollback with --version: of the options it takes none"):
        shell.run_line_magic("endpoints", f"rollback {name} --version 2")
    with pytest.raises(OptionError, match="Cannot samples with --samples: of the options it takes --version"):
        shell.run_line_magic("endpoints", f"samples {name} --samples 0")
    with pytest.raises(OptionError, match="Cannot logs with --rate: of the options it takes --tail"):
        shell.run_line_magic("endpoints", f"logs {name} --rate 3")
    with pytest.raises(OptionError, match="it has no ="):
        shell.run_line_magic("endpoints", f"traffic {name} 1")
    with pytest.raises(EndpointNotFoundError, match="published are"):
        shell.run_line_magic("endpoints", "show nothing")


def test_publish_tokens_stay_out_of_the_notebook(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = digits()
    shell.user_ns.update(model=model, X=data)
    shell.run_line_magic("publish", "model --name secret")
    shell.run_line_magic("endpoints", "token secret alice")
    token = Path(".workbench/tokens/secret/alice").read_text()
    said = capsys.readouterr().out
    assert "readable by you alone" in said
    assert token not in said
    assert "alice" in repr(shell.run_line_magic("endpoints", "token secret"))
    shell.run_line_magic("endpoints", "revoke secret alice")
    assert not Path(".workbench/tokens/secret/alice").exists()


def test_publish_returned_model_is_its_runs(shell: Any) -> None:
    shell.run_cell_magic(
        "train",
        "returns-forest --returns forest --wait",
        "from sklearn.datasets import load_iris\n"
        "from sklearn.ensemble import RandomForestClassifier\n"
        "X_train, y = load_iris(return_X_y=True, as_frame=True)\n"
        "forest = RandomForestClassifier(5).fit(X_train, y)\n",
    )
    import workbench

    shell.run_line_magic("publish", "forest --name forest")
    endpoint = workbench.endpoint("forest")
    assert endpoint.snapshot()["versions"][0]["models"][0]["run_id"] == workbench.run("returns-forest").id
    schema = endpoint.snapshot()["schemas"]["forest"]
    assert schema["inputs"][0]["name"] == "sepal length (cm)"

    shell.run_cell("forest.set_params(n_jobs=2)")
    shell.run_line_magic("publish", "forest --name forest")
    changed = endpoint.snapshot()["versions"][-1]["models"][0]
    assert (changed["number"], workbench.run(changed["run_id"]).name) == (2, "publish forest"), "it is another by now"
