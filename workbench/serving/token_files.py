"""Tokens on this side: one file each, readable by its user alone. The gateway knows their digests only."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from workbench.errors import OptionError

DEFAULT = "default"
_LABEL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


def token_path(state_dir: Path, endpoint: str, label: str = DEFAULT) -> Path:
    """Where a token lies."""
    if not _LABEL.match(label):
        raise OptionError(f"Cannot name a token {label!r}: use letters, digits, '-', '_' and '.', 64 at most.")
    return state_dir / "tokens" / endpoint / label


def make_token(state_dir: Path, endpoint: str, label: str = DEFAULT) -> str:
    """A new token in its file; the one that was there is replaced."""
    path = token_path(state_dir, endpoint, label)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = f"wb_{secrets.token_urlsafe(32)}"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    return token


def read_token(state_dir: Path, endpoint: str, label: str = DEFAULT) -> str:
    """A token that was made here.

    Raises ``OptionError`` when it was not, or is gone.
    """
    try:
        return token_path(state_dir, endpoint, label).read_text().strip()
    except OSError:
        raise OptionError(
            f"Cannot find token {label!r} of {endpoint!r}: it was made elsewhere, or revoked. "
            f"Make another: %endpoints token {endpoint} NAME"
        ) from None


def forget_token(state_dir: Path, endpoint: str, label: str) -> None:
    """Remove a token's file; harmless where there is none."""
    token_path(state_dir, endpoint, label).unlink(missing_ok=True)


def digest(token: str) -> str:
    """What the gateway knows of a token: it is random and long, so that a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()
