"""A trial's values written into the cell of its sweep."""

from __future__ import annotations

import pytest

from workbench.api.write_back import write_back
from workbench.errors import OptionError

LINE = (
    "%%sweep tune --space \"lr=log(1e-4,1) opt=['adam','sgd'] block=[Small,Large] depth=int(1,9)\" --goal \"min loss\""
)


def test_constants_become_the_values_and_the_cell_trains() -> None:
    cell = f"{LINE} --trials 40 --returns best_params,model --gpus-per-worker=0.5 -w 2\n" + (
        "# é before\nlr, opt = 0.5, 'sgd'  # rate\nblock = (\n    Small\n)\nfit(lr, opt, block, depth)\n"
    )
    written = write_back(cell, {"lr": 0.125, "opt": "adam", "block": "Large", "depth": 3})
    assert written == (
        "%%train tune --gpus-per-worker=0.5 -w 2 --returns model\n"
        f"# {LINE} --trials 40 --returns best_params,model --gpus-per-worker=0.5 -w 2\n"
        "depth = 3\n"
        "# é before\nlr, opt = 0.125, 'adam'  # rate\nblock = (\n    Large\n)\nfit(lr, opt, block, depth)\n"
    )


def test_name_without_a_value_keeps_its_own() -> None:
    assert write_back(f"{LINE}\nlr = 0.5\ndepth = 2\n", {"depth": 5}).endswith("\nlr = 0.5\ndepth = 5\n")


@pytest.mark.parametrize(("cell", "words"), [("lr = 1", "no %%sweep line"), (f"{LINE}\nlr = = 1", "line 2")])
def test_cell_that_cannot_be_written_is_refused(cell: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        write_back(cell, {"lr": 0.1})
