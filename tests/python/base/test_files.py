"""Files that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from base.errors import BranchlineError
from base.files import open_private, read_secret, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_lock_file_is_made_private_even_if_it_exists(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch(0o644)
    for path in (old, new):
        open_private(path).close()
        assert mode(path) == 0o600


@pytest.mark.parametrize("closed", [0o600, 0o400])
@pytest.mark.parametrize("opened", [0o640, 0o604, 0o644, 0o660, 0o666, 0o620, 0o602])
def test_a_secret_readable_by_others_is_refused(tmp_path: Path, closed: int, opened: int) -> None:
    path = tmp_path / "token key"
    write_private(path, "hush")
    assert mode(path) == 0o600
    path.chmod(opened)
    with pytest.raises(BranchlineError, match="Other users of this machine") as caught:
        read_secret(path, "the token key")
    assert f"chmod 600 '{path}'" in caught.value.hint
    assert "hush" not in str(caught.value)
    path.chmod(closed)
    assert read_secret(path, "the token key") == "hush"
    assert [found.name for found in tmp_path.iterdir()] == ["token key"]
