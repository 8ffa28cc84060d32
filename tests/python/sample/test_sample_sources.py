"""A source is a folder: the package finds it by its name, and no shared file names it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sample
from sample.company import Company, deliveries, described
from sample.errors import SampleError
from sample.sources import source_names, sources_of

PACKAGE = Path(sample.__file__).parent

_KIOSK = """
from sample.sources import Delivery, Source
from sample.truth import CURRENT, Figures, FileTruth


class Kiosk(Source):
    days_after = 9

    @classmethod
    def beside(cls, branches):
        return "a kiosk"

    def on(self, number):
        if number == self.company.days + 8:
            day = self.company.start
            truth = FileTruth("kiosk/all.csv", "K", day, day, CURRENT, "kiosk", Figures(1, 1, 250))
            yield Delivery("kiosk/all.csv", b"one", truth)

    def to_come(self):
        return 1


SOURCE = Kiosk
"""

_CHILD = """
import sys
from pathlib import Path
from sample.company import described, write_company

summary = write_company(Path(sys.argv[1]), branches=1, days=2)
print(described(1))
print(summary.expected.by_branch["K"].net_pence, summary.files[-1].path)
write_company(Path(sys.argv[1]), branches=1, days=2)
"""


def test_a_new_folder_is_a_new_source(tmp_path: Path) -> None:
    copy = tmp_path / "project" / "sample"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "kiosk").mkdir()
    (copy / "kiosk" / "__init__.py").touch()
    (copy / "kiosk" / "source.py").write_text(_KIOSK, encoding="utf-8")
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / "inbox")],
        cwd=copy.parent,
        env={**os.environ, "PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    reported, last = child.stdout.splitlines()
    assert "a kiosk" in reported
    assert last == "250 kiosk/all.csv"
    assert (tmp_path / "inbox" / "kiosk" / "all.csv").read_bytes() == b"one"


def test_a_sources_name_is_only_in_its_own_folder() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for name in source_names():
            if path.parent != PACKAGE / name:
                assert not re.search(rf"\b{name}\b", text), f"{path} names {name}"


def test_every_file_is_in_the_folder_of_its_source() -> None:
    for name in source_names():
        for delivery in deliveries(Company(2, 8, sources=(name,))):
            assert delivery.path == delivery.truth.path
            assert delivery.path.startswith(f"{name}/")
            assert delivery.truth.logical_file.startswith(f"{name}/")


@pytest.mark.parametrize("mess", [True, False])
def test_each_source_knows_its_number_of_files(mess: bool) -> None:
    company = Company(3, 31, mess=mess)
    for name, source in zip(source_names(), sources_of(company), strict=True):
        alone = Company(3, 31, mess=mess, sources=(name,))
        assert source.to_come() == sum(1 for _ in deliveries(alone))


def test_the_description_of_a_company() -> None:
    assert described(8).startswith("8 branches, ")
    assert described(1).startswith("1 branch, ")


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(SampleError, match="no source 'kiosk'"):
        deliveries(Company(1, 1, sources=("kiosk",)))
