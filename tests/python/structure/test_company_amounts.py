"""What was sold has its amount in the company's currency beside it, in every fact and report."""

from __future__ import annotations

from pathlib import Path

import yaml

MARTS = Path(__file__).resolve().parents[3] / "models" / "marts"
PAIRS = {
    "net_amount": {"net_amount_company"},
    "net_sales": {"net_sales_company", "net_amount_company"},
    "net_sales_to_date": {"net_sales_company_to_date"},
    "like_for_like_net_sales_on_year": {
        "like_for_like_net_sales_company_on_year",
        "like_for_like_net_amount_company_on_year",
    },
    "gross_amount": {"net_amount_company"},
    "amount": {"amount_company"},
}
"""Columns, and the columns of which one has to stand beside them."""
LOCAL = {
    # VAT is declared in the money of the country, which has its own rules for converting it.
    "rpt_daily_vat",
    "rpt_vat",
}
"""Marts of local money only (docs/currencies.md)."""


def columns() -> dict[str, set[str]]:
    """The names of the columns of each mart."""
    return {
        model["name"]: {column["name"] for column in model["columns"]}
        for file in MARTS.rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ())
    }


def test_amounts_stand_beside_those_in_the_companys_currency() -> None:
    lacking = {
        mart
        for mart, names in columns().items()
        for local, converted in PAIRS.items()
        if local in names and not names & converted
    }
    assert lacking == LOCAL
