"""The dbt docs as one static page."""

from __future__ import annotations

from pathlib import Path

from base.errors import BranchlineError
from base.link import Connection
from base.settings import Settings
from operate.dbt.folders import log_folder, target_folder
from operate.dbt.process import dbt_environment, quiet_dbt
from operate.dbt.profile import target_arguments


def docs_page(project: Path) -> Path:
    """The path of the page, whether it exists or not."""
    return target_folder(project) / "static_index.html"


def make_docs_page(settings: Settings, connection: Connection) -> Path:
    """Create the page and return its path. Raises BranchlineError if dbt fails."""
    project = settings.project
    done = quiet_dbt(
        ["docs", "generate", "--static", *target_arguments(project)],
        project,
        dbt_environment(settings, connection),
    )
    page = docs_page(project)
    if done.returncode != 0 or not page.exists():
        raise BranchlineError(
            f"The docs could not be created. dbt says:\n{done.stdout.strip()[-2000:]}",
            f"The whole log is in {log_folder(project)}/dbt.log",
        )
    return page
