"""The command line: `branchline COMMAND ...`.

A command's module is imported when the command is called, so that `branchline --help` is instant.
Exit codes: 0 the work was done; 1 it was not; 2 wrong usage; 3 with `--fail-on-quarantine`, a file
was quarantined.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

from base import libpq
from base.errors import BranchlineError
from base.printing import say, say_exactly

TRACEBACK = "BRANCHLINE_TRACEBACK"
"""Set it to see the traceback of an internal error."""

# Command, its module in operate/commands (the function has the command's name), and its help line.
COMMANDS = {
    "demo": ("demo", "Show everything with a sample company."),
    "run": ("run", "Load an inbox and build the changes: the nightly job."),
    "publish": ("publish", "Publish reports, files and messages: to people who never write SQL."),
    "load": ("load", "Load an inbox into the raw layer, nothing more."),
    "status": ("status", "Show what has arrived, per feed and branch, and what is late."),
    "quarantine": ("quarantine", "List, show, retry or dismiss quarantined files."),
    "withdraw": ("withdraw", "Withdraw files that should never have been loaded."),
    "privacy": ("privacy", "Erase personal data of customers, by request or by age."),
    "sql": ("sql", "Run a read-only query on the warehouse."),
    "docs": ("docs", "Create the dbt docs as one static page."),
    "sample": ("sample", "Write the files of a sample company into a folder."),
    "env": ("env", "Print the warehouse's connection for a shell: psql, dbt, mf."),
    "source": ("source", "Add a source: generate its first version from a sample file."),
    "warehouse": ("warehouse", "Manage the warehouse: start, stop, status, roles, users."),
    "ci": ("ci", "Build and test only what differs from main."),
    "check": ("check", "Check the project itself: style, types, SQL, tests."),
    "setup": ("setup", "Install the dbt packages and create profiles.yml."),
}


class LazyCommands(click.Group):
    """A group that has its commands' names and help lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(import_module(f"operate.commands.{COMMANDS[name][0]}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="branchline", prog_name="branchline")
def branchline() -> None:
    """From every branch's nightly files to one tested sales warehouse."""


def main() -> None:
    """Entry point of the console script."""
    libpq.forget_where(os.environ)
    sys.exit(guarded(lambda: branchline(prog_name="branchline", standalone_mode=False)))


def guarded(work: Callable[[], object]) -> int:
    """Run `work`; print its errors in plain words on standard error; return the exit code."""
    try:
        result = work()
        return result if isinstance(result, int) else 0
    except BranchlineError as error:
        tell_error(error.message, error.hint)
        return 1
    except click.ClickException as error:
        # The message repeats parts of the command line.
        text = io.StringIO()
        error.show(text)
        say(text.getvalue().rstrip("\n"), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Stopped.", err=True)
        return 130
    except BrokenPipeError:
        # The reader, `head` for example, has closed the pipe.
        sys.stderr.close()
        return 0
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        # Not the error's own text: it may contain a row, a name or a password.
        where = traceback.extract_tb(error.__traceback__)[-1]
        tell_error(
            f"Branchline itself failed ({type(error).__name__} in {Path(where.filename).name}, line"
            f" {where.lineno}). Finished work is kept.",
            f"Please report it, with the command. {TRACEBACK}=1 shows more, perhaps also of"
            " your data.",
        )
        return 1


def tell_error(message: str, hint: str = "") -> None:
    """Print the error and what to do next on standard error."""
    say_exactly(click.style("Error: ", fg="red", bold=True), err=True)
    say(message, err=True)
    if hint:
        say(hint, err=True)


if __name__ == "__main__":
    main()
