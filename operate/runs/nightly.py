"""The nightly run: load an inbox, then let dbt build the changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from base.link import Connection, open_link
from base.settings import Settings
from ingest import LoadEvent, LoadReport, shown_address
from operate.access.lowered import lowered
from operate.access.ours import check_ours
from operate.dbt.build import BuildProgress, BuildResult, run_dbt
from operate.dbt.early import EarlyDbt, started_early
from operate.dbt.fingerprint import project_fingerprint
from operate.dbt.lineage import note_lineage, read_lineage
from operate.dbt.packages import install_packages
from operate.dbt.process import dbt_environment
from operate.dbt.profile import prepare_profile, target_arguments
from operate.privacy.erasing import finish_interrupted
from operate.runs.builds import has_built, last_audit, last_build, note_build, server_time
from operate.runs.inboxes import ledger_mark
from operate.runs.loading import load_inbox
from operate.runs.readers import readers_in_the_way_ended
from operate.runs.touched import readers_of_new_files
from operate.server.connecting import ensure_warehouse
from operate.server.notes import Audit, Build, one_run_at_a_time
from operate.terminal.progress import Update
from publish.editions.record import close_build, open_build

Show = Callable[[str], AbstractContextManager[Update]]


@dataclass
class RunReport:
    """The result of a run. If there was nothing new, `unchanged_since` is set instead of `build`.

    `last_audit`: when all data tests last passed on all of history, this run included.
    `built_before`: the newest file id that the last good build before this run has read; 0 if
    nothing is known of it. `judges_again`: it is unknown, although there were builds, so that what
    is reported as rejected may be rows of files that earlier builds have read.
    """

    connection: Connection
    load: LoadReport
    build: BuildResult | None
    unchanged_since: Build | None
    last_audit: Audit | None
    built_before: int
    judges_again: bool

    @property
    def succeeded(self) -> bool:
        """Whether all work was done; quarantined files do not count as undone."""
        return not self.load.failed and (self.build is None or self.build.succeeded)


def run(
    settings: Settings,
    inbox: str,
    *,
    say: Callable[[str], None],
    show: Show,
    full_refresh: bool = False,
    audit: bool = False,
    retry_quarantined: bool = False,
    loaded: Callable[[LoadReport], None] = lambda report: None,
) -> RunReport:
    """Load the inbox, then `dbt build` unless nothing has changed since the last good build.

    The data tests read what has changed since they last passed. An `audit` runs them on all of
    history, even if nothing has changed. The unit tests do not read the warehouse and are run once
    for each version of the project.
    `show` shows the progress of a named step; `loaded` is called between load and build. A failed
    build is in the report but not recorded, so the next run builds again.
    Raises BranchlineError when the work cannot begin, or the connection to the database is lost.
    """
    install_packages(settings.project, say)
    prepare_profile(settings.project, say)
    connection = ensure_warehouse(settings, say)
    with open_link(connection.url) as link:
        check_ours(link)
        with (
            one_run_at_a_time(link),
            lowered(connection) as low,
            open_link(low.url) as low_link,
            # Before dbt reads the project for the build: finishing one needs dbt as well.
            nullcontext(finish_interrupted(settings, link, low, say)),
            started_early(
                settings.project,
                dbt_environment(settings, low),
                _reading_arguments(settings.project, audit=audit),
            ) as early,
        ):
            with show(f"Loading {shown_address(inbox)}") as update:
                load_report = load_inbox(
                    settings,
                    connection,
                    inbox,
                    retry_quarantined=retry_quarantined,
                    progress=load_progress(update, say),
                )
            loaded(load_report)
            mark, fingerprint = ledger_mark(link), project_fingerprint(settings.project)
            before = last_build(low_link)
            report = RunReport(
                connection,
                load_report,
                None,
                before,
                last_audit(low_link),
                before.ledger_file_id if before is not None else 0,
                before is None and has_built(link),
            )
            builds_changes = (
                before is not None
                and before.project_fingerprint == fingerprint
                and not (full_refresh or audit)
            )
            if builds_changes and report.built_before == mark:
                # The marts are those of the last good build, whatever has failed since.
                close_build(link)
                return report
            started_at = server_time(link)
            environment = dbt_environment(settings, low)
            selection: list[str] = []
            lineage = read_lineage(settings.project, environment, fingerprint)
            if builds_changes and lineage is not None:
                selection = readers_of_new_files(link, low_link, lineage, report.built_before, mark)
            open_build(link)
            with readers_in_the_way_ended(connection, low, say):
                build = _build(
                    settings.project,
                    environment,
                    show,
                    selection,
                    early,
                    full_refresh=full_refresh,
                    audit=audit,
                    unit_tests=not has_built(link, fingerprint),
                )
            if not build.succeeded and build.lost_the_database:
                # If this session is lost as well, open_link reports it in one line.
                server_time(link)
            report = replace(report, build=build, unchanged_since=None)
            if build.succeeded:
                note_lineage(settings.project, environment, fingerprint)
                note_build(link, mark, fingerprint, build.models, build.tests, started_at)
                close_build(link)
                report = replace(report, last_audit=last_audit(low_link))
            return report


def _reading_arguments(project: Path, *, audit: bool) -> list[str]:
    """dbt's arguments that decide how the project is read."""
    return [*target_arguments(project), *(["--vars", "{audit: true}"] if audit else [])]


def _build(
    project: Path,
    environment: Mapping[str, str],
    show: Show,
    selection: Sequence[str],
    early: EarlyDbt | None,
    *,
    full_refresh: bool,
    audit: bool,
    unit_tests: bool,
) -> BuildResult:
    """Let dbt build and test the changes of the new files."""
    with show(
        "Building the models and auditing all of history"
        if audit
        else "Building and testing the models"
    ) as update:

        def follow(step: BuildProgress) -> None:
            update(step.done, 0, step.note)

        return run_dbt(
            [
                "build",
                *_reading_arguments(project, audit=audit),
                *selection,
                *(["--full-refresh"] if full_refresh else []),
                *([] if unit_tests else ["--exclude-resource-type", "unit_test"]),
            ],
            project=project,
            environment=environment,
            progress=follow,
            early=early,
            # A selection is made from the manifest of the last build.
            manifest_stands=bool(selection),
        )


def load_progress(update: Update, say: Callable[[str], None]) -> Callable[[LoadEvent], None]:
    """Show a load's events as the progress of one step."""

    def follow(event: LoadEvent) -> None:
        if event.kind == "waiting":
            say(event.message)
        else:
            note = event.message if event.kind in ("listing", "reading") else ""
            update(event.done, event.total, note)

    return follow
