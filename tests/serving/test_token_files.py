"""The client's token files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from workbench.errors import OptionError
from workbench.serving.token_files import forget_token, make_token, read_token, token_aside, token_path


def test_token_files_are_for_their_user_alone(tmp_path: Path) -> None:
    token = make_token(tmp_path, "digits", "alice")
    assert read_token(tmp_path, "digits", "alice") == token
    assert len(token) > 40
    assert stat.S_IMODE(token_path(tmp_path, "digits", "alice").stat().st_mode) == 0o600
    for label in ("../alice", "alice\n", ".alice"):
        with pytest.raises(OptionError, match="letters, digits"):
            make_token(tmp_path, "digits", label)
    with pytest.raises(OptionError, match="no endpoint can have that name"):
        make_token(tmp_path, "../digits", "alice")
    forget_token(tmp_path, "digits", "alice")
    with pytest.raises(OptionError, match="made elsewhere, or revoked"):
        read_token(tmp_path, "digits", "alice")


def test_token_aside_becomes_a_token_when_it_is_moved(tmp_path: Path) -> None:
    before = make_token(tmp_path, "digits")
    aside, token = token_aside(tmp_path, "digits")
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert read_token(tmp_path, "digits") == before
    aside.replace(token_path(tmp_path, "digits"))
    assert read_token(tmp_path, "digits") == token
    assert [path.name for path in (tmp_path / "tokens" / "digits").iterdir()] == ["default"]
