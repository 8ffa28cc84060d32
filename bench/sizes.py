"""The sizes of the benchmarks: full and quick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rows, files and repetitions of all benchmarks."""

    load_branches: int
    load_days: int
    load_rows_per_file: int
    load_rounds: int
    dlt_share: int
    """dlt loads only one in so many files."""
    pandas_share: int
    """pandas loads only one in so many files."""
    large_file_bytes: int
    known_files: int
    new_files: int
    known_rounds: int
    branches: int
    receipts_per_day: int
    short_days: int
    long_days: int
    nights: int
    question_rounds: int
    start_rounds: int
    wholesale_days: int
    wholesale_receipts_per_day: int
    big_model_rows: int
    places_share: int
    """The company in five places has one in so many rows of its full size."""
    places_days: int
    till_stores: int
    till_days: int
    till_items: int
    shop_orders: int
    shop_log_lines: int
    shop_ranges: int
    shop_days: int
    shop_quarters: int
    """Quarters of an hour after the history, with a run each."""
    most_seconds: float
    """The timeout of a step."""


FULL = Sizes(
    load_branches=100,
    load_days=4,
    load_rows_per_file=2_500,
    load_rounds=5,
    dlt_share=1,
    pandas_share=10,
    large_file_bytes=5_000_000_000,
    known_files=100_000,
    new_files=100,
    known_rounds=3,
    branches=100,
    receipts_per_day=70,
    short_days=30,
    long_days=720,
    nights=3,
    question_rounds=50,
    start_rounds=5,
    wholesale_days=370,
    wholesale_receipts_per_day=70,
    big_model_rows=100_000,
    places_share=1,
    places_days=600,
    till_stores=5,
    till_days=730,
    till_items=2_000,
    shop_orders=1_000_000,
    shop_log_lines=10_000_000,
    shop_ranges=191_000,
    shop_days=365,
    shop_quarters=5,
    most_seconds=3 * 3600,
)

QUICK = Sizes(
    load_branches=10,
    load_days=4,
    load_rows_per_file=2_500,
    load_rounds=2,
    dlt_share=5,
    pandas_share=10,
    large_file_bytes=100_000_000,
    known_files=10_000,
    new_files=10,
    known_rounds=1,
    branches=10,
    receipts_per_day=70,
    # One history: a second one that differs only by its length is not worth a build.
    short_days=72,
    long_days=72,
    nights=1,
    question_rounds=10,
    start_rounds=1,
    wholesale_days=37,
    wholesale_receipts_per_day=70,
    big_model_rows=1_000,
    places_share=20,
    places_days=60,
    till_stores=5,
    till_days=73,
    till_items=200,
    # As many a day as in the full size.
    shop_orders=50_000,
    shop_log_lines=500_000,
    shop_ranges=19_100,
    shop_days=18,
    shop_quarters=1,
    most_seconds=900,
)
