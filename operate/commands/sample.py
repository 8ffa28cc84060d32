"""`branchline sample`: the sample company's files."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

import click

from base.console import PlainConsole, make_console, plain
from base.words import plural
from operate.project.sample_company import write_sample
from operate.terminal.progress import shown


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to: new, empty, or filled by an earlier call.",
)
@click.option("--branches", default=8, show_default=True, type=click.IntRange(min=1))
@click.option("--days", default=60, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True, type=int)
@click.option(
    "--serve",
    is_flag=True,
    help="Write nothing; serve the company on loopback as an object store, databases and an API.",
)
def sample(out: Path | None, branches: int, days: int, seed: int, serve: bool) -> None:
    """Write the nightly files of a sample company, with the usual mess.

    For every two branches there is a store of the sales desk, and for every four a supermarket.
    Beside them there are shops abroad and an electronics chain. With eight weeks or more there are
    anomalies: a branch's day, a sales person's week, a customer.

    The same arguments give the same bytes on every machine.
    """
    console = make_console()
    if serve == (out is not None):
        raise click.UsageError("Give --out FOLDER to write files, or --serve to serve them.")
    if out is None:
        _serve(console, branches, days, seed)
        return
    with shown(f"Writing the sample company to {out}", console) as update:
        made = write_sample(
            out, branches, days, seed, progress=lambda done, total: update(done, total, "files")
        )
    console.print(
        f"{plural(made.files, 'file')}, {made.bytes_written / 1_000_000:,.1f} MB in {plain(out)}."
    )
    for line in made.mess + made.oddities:
        console.say(f"  {line}")
    console.say(f"Load and build it: branchline run --inbox {out}")


def _serve(console: PlainConsole, branches: int, days: int, seed: int) -> None:
    """Serve until Ctrl-C or SIGTERM, and print the variables that lead there."""
    from operate.project.sample_servers import serving
    from sample.company import Company

    console.say("Starting the servers of the sample company ...")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serving(Company(branches, days, seed)) as served:
        console.say(
            f"{plural(served.objects, 'file')} in the object store, {plural(served.rows, 'row')} in"
            " the databases. In another terminal:"
        )
        for variable, value in served.environment.items():
            console.print(f"export {variable}='{value}'", markup=False, soft_wrap=True)
        console.say("Then: branchline run. Ctrl-C ends the servers and removes their data.")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        console.say("The servers end.")
