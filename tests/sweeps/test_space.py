"""The grammar of search spaces, and where its errors point."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from workbench.sweeps.space import ChoiceParam, FloatParam, IntParam
from workbench.sweeps.space_parser import SpaceError, parse_space

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.parametrize(
    ("text", "param"),
    [
        ("lr=log(1e-5,1e-1)", FloatParam("lr", "", 1e-5, 1e-1, None, True)),
        ("lr = float(-1, 0.5)", FloatParam("lr", "", -1, 0.5)),
        ("dropout=float(0,0.5,step=0.1)", FloatParam("dropout", "", 0, 0.5, 0.1)),
        ("x=float(1,10,log)", FloatParam("x", "", 1, 10, None, True)),
        ("depth=int(2,8)", IntParam("depth", "", 2, 8)),
        ("units=int(32,512,log)", IntParam("units", "", 32, 512, 1, True)),
        ("n=int(0,100,step=10)", IntParam("n", "", 0, 100, 10)),
        ("batch=[16,32,64]", ChoiceParam("batch", "", (16, 32, 64))),
        ('opt=["adam", "sgd"]', ChoiceParam("opt", "", ("adam", "sgd"))),
        ("flag=[True, None, -1, 2.5]", ChoiceParam("flag", "", (True, None, -1, 2.5))),
        ("block=[ResBlock, MLP]", ChoiceParam("block", "", ("ResBlock", "MLP"), frozenset({"ResBlock", "MLP"}))),
    ],
)
def test_form_is_read(text: str, param: Any) -> None:
    assert parse_space(text).params == (param,)


def test_space_of_many_names_keeps_their_order() -> None:
    space = parse_space('opt=["adam","sgd"] lr=log(1e-5,1e-1)  momentum=float(0,1) if opt=="sgd" and lr > 1e-3 w=pick')
    assert space.names == ("opt", "lr", "momentum", "w")
    assert space.params[2].condition == 'opt=="sgd" and lr > 1e-3'
    assert space.objects == {"pick"}


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", "", "nothing"),
        ("lr", "lr", "NAME=VALUES"),
        ("0.1 lr=log(1,2)", "0.1", "NAME=VALUES"),
        ("lr=lgo(1,2)", "lgo", "Did you mean 'log'"),
        ("lr=log(0,1)", "0,1", "above 0"),
        ("lr=float(2,1)", "2,1", "the lowest comes first"),
        ("lr=float(1)", "float", "1 bounds"),
        ("n=int(1,2.5)", "2.5", "no whole number"),
        ("n=int(a,2)", "a,2", "write a number"),
        ("n=int(1,2,stp=1)", "stp", "knows step and log"),
        ("b=[1,2] b=[3]", "b=[3]", "twice"),
        ("b=[]", "[]", "of nothing"),
        ("b=[1, {}]", "{}", "Optuna keeps"),
        ("b=[1, 2", "[1", "end of what begins here"),
        ("lr=", "", "over nothing"),
        ("lr=3", "3", "write a range"),
        ('m=float(0,1) if opt=="sgd"', "opt", "none is before 'm'"),
        ("a=[1,2] m=float(0,1) if f(a)", "f(a)", "compare names"),
        ("a=[1,2] m=float(0,1) if", "", "empty"),
        ("lr=log(1,2) $", "$", "Cannot read"),
    ],
)
def test_error_points_at_the_character(text: str, at: str, words: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parse_space(text)
    message, line, mark = str(caught.value).split("\n")
    assert words in message
    assert line == f"  {text}"
    if at:
        assert mark.index("^") - 2 == text.rindex(at)


def test_values_come_from_an_optuna_trial() -> None:
    class Block:
        pass

    space = parse_space(
        'opt=["adam","sgd"] momentum=float(0,1) if opt=="sgd" nesterov=[True,False] if momentum > 0.5 '
        "block=[Block] width=pick depth=int(2,8)"
    )
    objects = {"Block": Block, "pick": lambda trial: 2 ** trial.suggest_int("log_width", 3, 5)}
    seen: list[dict[str, Any]] = []
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: seen.append(space.suggest(trial, objects)) or 0.0, n_trials=40)  # type: ignore[func-returns-value]
    assert all(("momentum" in values) == (values["opt"] == "sgd") for values in seen)
    assert all(("nesterov" in values) == (values.get("momentum", 0) > 0.5) for values in seen)
    assert {values["block"] for values in seen} == {Block}
    assert {values["width"] for values in seen} <= {8, 16, 32}
    assert study.trials[0].params["block"] == "Block"
