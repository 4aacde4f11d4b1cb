"""The client's tokens: one file each, readable by its user alone. The gateway knows only their digests."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

from workbench.errors import OptionError

DEFAULT = "default"
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def token_path(state_dir: Path, endpoint: str, label: str = DEFAULT) -> Path:
    """Return the file of a token."""
    if not _LABEL.fullmatch(label):
        raise OptionError(f"Cannot name a token {label!r}: use letters, digits, '-', '_' and '.', 64 at most.")
    return _folder(state_dir, endpoint) / label


def make_token(state_dir: Path, endpoint: str, label: str = DEFAULT) -> str:
    """Create a token in its file, in place of an older one; return it."""
    path = token_path(state_dir, endpoint, label)
    aside, token = token_aside(state_dir, endpoint)
    aside.replace(path)
    return token


def token_aside(state_dir: Path, endpoint: str) -> tuple[Path, str]:
    """Create a token in a file aside; :meth:`Path.replace` puts it in place once the gateway has taken it."""
    folder = _folder(state_dir, endpoint)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = f"wb_{secrets.token_urlsafe(32)}"
    # No label begins with a dot, so a file aside is no token.
    aside = folder / f".new-{os.getpid()}-{secrets.token_hex(4)}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)
    return aside, token


def read_token(state_dir: Path, endpoint: str, label: str = DEFAULT) -> str:
    """Return a token that was made here.

    Raises ``OptionError`` for a token that was made elsewhere, or is gone.
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


def forget_tokens(state_dir: Path, endpoint: str) -> None:
    """Remove the files of all tokens of an endpoint; harmless where there are none."""
    shutil.rmtree(_folder(state_dir, endpoint), ignore_errors=True)


def digest(token: str) -> str:
    """Return the digest by which the gateway knows a token: it is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _folder(state_dir: Path, endpoint: str) -> Path:
    if not _LABEL.fullmatch(endpoint):  # else the folder might be anywhere
        raise OptionError(f"Cannot keep tokens of {endpoint!r}: no endpoint can have that name.")
    return state_dir / "tokens" / endpoint
