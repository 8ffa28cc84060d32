"""Answer metric queries, one JSON object per line in both directions, until its input ends.

`mf query` starts a process per query; this loads the project once, in the current folder.
"""

from __future__ import annotations

import json
import sys
from typing import TextIO

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def main(questions: TextIO, answers: TextIO) -> None:
    """A question has the arguments of MetricFlowQueryRequest; its answer has `names` and `rows`."""
    configuration = CLIConfiguration()
    configuration.setup()
    for line in questions:
        result = configuration.mf.query(MetricFlowQueryRequest.create(**json.loads(line)))
        table = result.result_df
        assert table is not None
        rows = [[None if value is None else str(value) for value in row] for row in table.rows]
        print(
            json.dumps({"names": list(table.column_names), "rows": rows}), file=answers, flush=True
        )


if __name__ == "__main__":
    # dbt and MetricFlow may print; their output is not an answer.
    reported, sys.stdout = sys.stdout, sys.stderr
    main(sys.stdin, reported)
