"""An inbox that is a folder: odd names, links, closed folders, files still being written."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from inbox_places import FEED, LONG_AGO, claimed, content_hash, listed, write
from ingest_helpers import Inbox

from base.errors import BranchlineError
from ingest.contract.file_errors import UnreadableFileError
from ingest.contract.reading import load_feeds
from ingest.formats.archives import unpacked_name
from ingest.origins.inbox import list_inbox

LEEDS = "branch_pos/leeds_26-08-2021_09-00-00.csv"


@pytest.mark.parametrize(
    "name",
    [
        "we \"said\" 'x'; drop table raw.ingest_files; --.csv",
        "a\nb\r\t\x1b[31m\x07.csv",
        "*?[x]{y}!.csv",
        "..csv..csv",
        "%2e%2e%2f$(touch x)`touch y`.csv",
        "\u202egpj\u2066.csv",
        "-rf.csv",
        "s3:..csv",
        "\\..\\x.csv",
        "n" * 251 + ".csv",
    ],
)
def test_odd_names_do_no_harm(inbox: Inbox, name: str) -> None:
    inbox.drop(name, "content of its own")
    files = claimed(str(inbox.folder))
    if name.startswith("."):
        assert files == {}
        return
    (file,) = files.values()
    reported = "".join(sign if ord(sign) > 31 else f"\\x{ord(sign):02x}" for sign in name)
    assert file.path == f"branch_pos/{reported}"
    with file.open() as stream:
        assert stream.read() == b"content of its own"
    assert file.fingerprint_now() == file.fingerprint


def test_names_that_are_not_utf8(inbox: Inbox) -> None:
    folder = os.fsencode(inbox.folder / "branch_pos")
    os.mkdir(folder)
    for name in (b"le\xe9ds.csv", b"le\xe8ds.csv"):
        with open(folder + b"/" + name, "wb") as file:
            file.write(name)
    files = claimed(str(inbox.folder))
    assert set(files) == {"branch_pos/le\\udce9ds.csv", "branch_pos/le\\udce8ds.csv"}
    for file in files.values():
        file.path.encode("utf-8")
    assert len({content_hash(file) for file in files.values()}) == 2


def test_a_folder_of_any_name_can_be_the_inbox(tmp_path: Path) -> None:
    folder = tmp_path / "in [box] *? 100% #1"
    write(folder / LEEDS, "x")
    for address in (str(folder), f"{folder}/", folder.as_uri()):
        assert list(claimed(address)) == [LEEDS]


def test_a_home_folder_and_a_relative_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "in" / LEEDS, "x")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for address in ("~/in", "in", "./in/../in"):
        (file,) = claimed(address).values()
        assert content_hash(file)


def test_links_cause_no_loops_and_no_duplicates(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop("a/one.csv", "x")
    inbox.drop("branch_pos/deep/two.csv", "x")
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere / "three.csv", "x")
    inside = inbox.folder / "branch_pos"
    for name, target in {
        "up": "..",
        "self": ".",
        "deep/up": "../..",
        "same": "deep",
        "other": str(elsewhere),
        "other_too": str(elsewhere),
        "circle": "circle",
        "nowhere.csv": "gone.csv",
        "link.csv": "deep/two.csv",
    }.items():
        (inside / name).symlink_to(target)
    (elsewhere / "back").symlink_to(inside)
    assert set(claimed(str(inbox.folder))) == {
        "branch_pos/deep/two.csv",
        "branch_pos/link.csv",
    }
    assert listed(str(inbox.folder)).unclaimed == ["a/one.csv"]
    # Files elsewhere are read if the user permits it.
    assert listed(str(inbox.folder)).outside == ["branch_pos/other", "branch_pos/other_too"]
    monkeypatch.setenv("BRANCHLINE_INBOX_LINKS", f"/nowhere:{elsewhere}")
    assert set(claimed(str(inbox.folder))) == {
        "branch_pos/deep/two.csv",
        "branch_pos/link.csv",
        "branch_pos/other/three.csv",
    }
    assert listed(str(inbox.folder)).outside == []


@pytest.mark.parametrize("by_way_of", ["file", "folder", "chain", "up", "inside"])
def test_links_out_of_the_inbox_are_not_followed(
    inbox: Inbox, tmp_path: Path, by_way_of: str
) -> None:
    inbox.drop("leeds.csv", "x")
    secret = write(tmp_path / "inbox and more" / "token.csv", "secret")
    inside = inbox.folder / "branch_pos"
    if by_way_of == "file":
        (inside / "york.csv").symlink_to(secret)
    elif by_way_of == "folder":
        (inside / "york").symlink_to(secret.parent)
    elif by_way_of == "chain":
        (inside / "york.csv").symlink_to("hull")
        (inside / "hull").symlink_to("bath")
        (inside / "bath").symlink_to(secret)
    elif by_way_of == "up":
        (inside / "york.csv").symlink_to("../../inbox and more/token.csv")
    else:
        # A link in the inbox to one of its folders, which is a link out of it.
        (inside / "hull").symlink_to(secret.parent)
        (inside / "york.csv").symlink_to("hull/token.csv")
    listing = listed(str(inbox.folder))
    assert [file.path for file in listing.claimed[FEED]] == ["branch_pos/leeds.csv"]
    assert listing.outside


def test_the_inbox_and_its_files_may_be_links(inbox: Inbox, tmp_path: Path) -> None:
    inbox.drop("kept/leeds.csv", "one")
    (inbox.folder / "branch_pos").mkdir()
    way = tmp_path / "way"
    way.symlink_to(inbox.folder)
    (inbox.folder / "branch_pos" / "york.csv").symlink_to("../kept/leeds.csv")
    (inbox.folder / "branch_pos" / "hull.csv").symlink_to(way / "kept" / "leeds.csv")
    files = claimed(str(way))
    assert set(files) == {"branch_pos/york.csv", "branch_pos/hull.csv"}
    for file in files.values():
        with file.open() as stream:
            assert stream.read() == b"one"


@pytest.mark.parametrize("swapped", ["file", "folder"])
def test_a_file_replaced_by_a_link_after_listing_is_not_read(
    inbox: Inbox, tmp_path: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = write(tmp_path / "elsewhere" / "leeds.csv", "secret")
    path = inbox.drop("branch_pos/deep/leeds.csv", "x")
    (file,) = claimed(str(inbox.folder)).values()

    def swap() -> None:
        if swapped == "file":
            path.unlink()
            path.symlink_to(secret)
        else:
            shutil.rmtree(path.parent)
            path.parent.symlink_to(secret.parent)

    real = os.path.realpath

    def resolved_and_then_swapped(name: str) -> str:
        found = real(name)
        swap()
        return found

    # Between the check and the opening.
    with monkeypatch.context() as patched:
        patched.setattr(os.path, "realpath", resolved_and_then_swapped)
        with pytest.raises(UnreadableFileError) as caught:
            file.open()
        assert caught.value.temporary
    # And long before.
    with pytest.raises(UnreadableFileError, match="out of the inbox"):
        file.open()


def test_special_files_are_skipped(inbox: Inbox) -> None:
    inbox.drop("leeds.csv", "x")
    os.mkfifo(inbox.folder / "branch_pos" / "pipe.csv")
    (inbox.folder / "branch_pos" / "device.csv").symlink_to("/dev/zero")
    (inbox.folder / "branch_pos" / "folder.csv").mkdir()
    (file,) = claimed(str(inbox.folder)).values()
    path = inbox.folder / "branch_pos" / "leeds.csv"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UnreadableFileError, match="no longer a file"):
        file.open()  # and does not wait for a writer


def test_hidden_files_and_folders_are_ignored(inbox: Inbox) -> None:
    inbox.drop("branch_pos/.git/leeds.csv", "x")
    inbox.drop(".cache/x.csv", "x")
    inbox.drop("branch_pos/._leeds.csv", "what macOS notes")
    inbox.drop("branch_pos/.DS_Store", "x")
    listing = listed(str(inbox.folder))
    assert (listing.total, listing.unclaimed, listing.unfinished) == (0, [], [])


@pytest.mark.parametrize(
    "name",
    [
        "leeds.csv.part",
        "leeds.csv.tmp",
        "leeds.csv.filepart",
        "leeds.csv.crdownload",
        "leeds.csv.partial",
        "leeds.CSV.Uploading",
        "leeds.csv~",
        ".leeds.csv",
        ".leeds.csv.Xk3Ab9",
        ".leeds.csv.gz.Xk3Ab9",
        ".leeds.csv.part",
        "leeds.csv.gz.part",
        "leeds.zip.tmp",
    ],
)
def test_unfinished_files_are_postponed(inbox: Inbox, name: str) -> None:
    inbox.drop(name, "half a file")
    listing = listed(str(inbox.folder))
    assert listing.unfinished == [(FEED, f"branch_pos/{name}")]
    assert (listing.total, listing.unclaimed) == (0, [])


def test_unfinished_files_without_a_feed_are_unclaimed(inbox: Inbox) -> None:
    inbox.drop("other/x.csv.part", "x")
    listing = listed(str(inbox.folder))
    assert (listing.unfinished, listing.unclaimed) == ([], ["other/x.csv.part"])


def test_files_of_feeds_that_were_not_chosen(inbox: Inbox) -> None:
    inbox.drop("leeds.csv", "x")
    inbox.drop("leeds.csv.part", "x")
    listing = list_inbox(str(inbox.folder), load_feeds(), [])
    assert (listing.claimed, listing.unclaimed, listing.unfinished) == ({}, [], [])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/x.csv", "a/x.csv"),
        ("a/x.csv.gz", "a/x.csv"),
        ("a/x.CSV.GZ", "a/x.CSV"),
        ("a/x.csv.zip", "a/x.csv"),
        ("a/x.zip", "a/x.csv"),
        ("a/x.gz", "a/x.csv"),
        ("a/x.txt.gz", "a/x.txt"),
        ("a/st. ives_26-08-2021_09-00-00.zip", "a/st. ives_26-08-2021_09-00-00.csv"),
        ("a/v1.5.zip", "a/v1.5.csv"),
        ("a/x.tar.gz", "a/x.tar"),
        ("a.zip/x", "a.zip/x"),
        ("gz", "gz"),
    ],
)
def test_names_of_packed_files(path: str, name: str) -> None:
    assert unpacked_name(path) == name


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text("other"),
        lambda file: (file.write_text("other"), os.utime(file, (LONG_AGO, LONG_AGO))),
        lambda file: (shutil.copy(file, f"{file}~"), os.replace(f"{file}~", file)),
        lambda file: file.write_text("longer than it was"),
    ],
)
def test_every_change_changes_the_fingerprint(inbox: Inbox, change: Any) -> None:
    path = inbox.drop("leeds.csv", "still", modified=LONG_AGO)
    (file,) = claimed(str(inbox.folder)).values()
    time.sleep(0.02)  # the resolution of the file system's clock
    change(path)
    assert file.fingerprint_now() != file.fingerprint
    assert claimed(str(inbox.folder))[file.path].fingerprint == file.fingerprint_now()


def test_a_file_that_grows_between_listing_and_reading(inbox: Inbox) -> None:
    path = inbox.drop("leeds.csv", "one\n")
    (file,) = claimed(str(inbox.folder)).values()
    with path.open("a") as writer:
        writer.write("two\n")
    with file.open() as stream:
        assert stream.read() == b"one\ntwo\n"
    assert file.fingerprint_now() != file.fingerprint


def test_what_counts_as_settled(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = inbox.drop("leeds.csv", "x", modified=LONG_AGO)
    settled = lambda: claimed(str(inbox.folder))["branch_pos/leeds.csv"].settled  # noqa: E731
    assert not settled()  # an old time, but set a moment ago
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3)
    assert settled()
    os.utime(path, (now + 3600, now + 3600))
    assert not settled()


@pytest.mark.parametrize("time_set", [-62_135_596_800, 10**12])
def test_impossible_times(inbox: Inbox, time_set: int) -> None:
    path = inbox.drop("leeds.csv", "x")
    try:
        os.utime(path, (time_set, time_set))
    except OSError:
        # The file of this test cannot be created there.
        pytest.skip("this file system has no such times; TMPDIR names a folder on another")
    (file,) = claimed(str(inbox.folder)).values()
    assert file.modified_at.tzinfo is not None


def test_unreadable_folders(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("leeds.csv", "branch_pos/august/x.csv", "lost+found/x.csv", "other/x.csv"):
        inbox.drop(path, "x")
    real = os.scandir

    def scandir(path: str) -> Any:
        if path.endswith(("august", "lost+found")):
            raise PermissionError(13, "denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listing = listed(str(inbox.folder))
    assert listing.closed == [(FEED, "branch_pos/august/")]
    assert [file.path for file in listing.claimed[FEED]] == ["branch_pos/leeds.csv"]
    assert listing.unclaimed == ["other/x.csv"]


def test_a_folder_that_vanishes_while_it_is_listed(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop("leeds.csv", "x")
    inbox.drop("branch_pos/august/x.csv", "x")
    real = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("branch_pos"):
            shutil.rmtree(inbox.folder / "branch_pos" / "august")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert list(claimed(str(inbox.folder))) == ["branch_pos/leeds.csv"]


def test_a_disk_error_is_reported(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("leeds.csv", "x")
    (file,) = claimed(str(inbox.folder)).values()

    def broken(*_: Any) -> Any:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", broken)
        with pytest.raises(BranchlineError, match="cannot be listed: Input/output error"):
            listed(str(inbox.folder))
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", broken)
        with pytest.raises(UnreadableFileError) as caught:
            file.open()
        assert caught.value.temporary


def test_invalid_inboxes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for address, word in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "below", "does not exist"),
        ("\0", "does not exist|cannot be read"),
        ("x" * 5000, "cannot be read"),
    ):
        with pytest.raises(BranchlineError, match=word) as caught:
            listed(str(address))
        assert caught.value.hint


def test_many_files_are_listed_quickly(tmp_path: Path) -> None:
    folder = tmp_path / "branch_pos"
    folder.mkdir()
    for number in range(2_000):
        (folder / f"leeds{number}_26-08-2021_09-00-00.csv").touch()
    began = time.process_time()
    assert listed(str(tmp_path)).total == 2_000
    # 100,000 files should take two seconds; with a margin for slow machines.
    assert time.process_time() - began < 0.5
