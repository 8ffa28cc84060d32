"""Generate the first version of a source from a sample file: `branchline source new`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from base.errors import BranchlineError
from base.source_systems import listed_sources
from ingest import FeedContract
from operate.project.sample_file import (
    MEANINGS,
    PERSONAL,
    DateFormat,
    Sample,
    SampleColumn,
    amount,
    date_format,
    decimal_sign,
    has_zero_decimals,
    identifier,
    read_sample,
    whole_number,
)

SOURCE_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")
ENTITY = "receipt_lines"
MOST_NAME_LENGTH = 17
"""dbt names unit test fixtures by source and table; PostgreSQL names have at most 63 letters."""
NOT_TEXT = ("null", "true", "false", "yes", "no", "on", "off")
"""Words that YAML does not read as a string."""
OPTIONAL = (
    "receipt_number",
    "product_id",
    "customer_id",
    "customer_name",
    "employee_id",
    "payment_method",
    "card_last4",
    "channel",
    "country",
    "currency_code",
    "reject_reasons",
    "quality_flags",
)
"""Columns that a source may lack: the optional columns of receipt_lines, contracts.sql."""
TEXT_NAMES = {
    "quantity": "quantity_text",
    "unit_price": "unit_price_text",
    "net_amount": "total_text",
    "sold_at": "sold_at_text",
    "sold_time": "sold_time_text",
}
"""Role -> name in staging, for columns that are parsed later."""
IDENTIFIERS = ("receipt_number", "product_id", "customer_id", "employee_id", "branch_name")
"""Roles of identifiers; a branch may be identified by its number."""
TIME_ZONE = "Europe/Dublin"
"""Of the branch in the unit tests."""
CURRENCIES = {"£": "GBP", "$": "USD", "€": "EUR"}
PLACEHOLDERS = {"customer_id": "44", "customer_name": "Ann Lee", "employee_id": "7"}
"""Fake people for unit tests: no personal data of the sample gets into the project."""
CARD_COLUMNS = {
    "card_token": "Keyed hash of the card number; equal for equal numbers (personal data).",
    "card_last4": "Last four digits of the card number (personal data).",
    "card_unreadable": 'Text that is not a card number, its digits masked as "#".',
}
PAGE = "docs/sources/{name}.md"


@dataclass(frozen=True)
class NewSource:
    """The files to write. `files`: path in the project -> text; `project_file`: its new text.

    `number`: the header of the column that numbers the receipts, if they have several lines.
    """

    files: Mapping[str, str]
    project_file: str
    grain: str
    number: str | None
    decisions: tuple[str, ...]


@dataclass
class _Plan:
    """The template variables of a source."""

    name: str
    sample: Sample
    by_line: bool
    decisions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def decide(self, text: str) -> None:
        """Add a question that only a person can answer: on the source's page and in its SQL."""
        self.decisions.append(text)
        self.notes.append(f"TODO: {text}")


def plan_source(
    project: Path,
    name: str,
    sample_path: Path,
    grain: str | None,
    receipt_number: str | None = None,
) -> NewSource:
    """Everything that `branchline source new` writes.

    Raises BranchlineError if the name is taken or invalid, a file exists already, the sample lacks
    a column that every sale needs, or it is unclear which lines are one receipt.
    """
    _check_name(name)
    sample = read_sample(sample_path, receipt_number)
    number = sample.of("receipt_number")
    if grain is None:
        repeats = number is not None and len(set(number.filled)) < len(number.filled)
        grain = "line" if repeats else "receipt"
        if not repeats and receipt_number is None:
            _check_no_other_number(sample)
    if grain == "line" and number is None:
        raise BranchlineError(
            f"No column of {sample_path} looks like the number of a receipt: {_headers(sample)}.",
            "Lines with one number make a receipt: name its column (--receipt-number COLUMN). For"
            " one line per receipt: --grain receipt",
        )
    plan = _Plan(name, sample, grain == "line")
    context = _context(plan)
    project_file = _listed(project / "dbt_project.yml", name)
    files = _rendered(name, context)
    there = [path for path in files if (project / path).exists()]
    if there:
        raise BranchlineError(
            f"Nothing was written, because these exist already: {', '.join(there)}.",
            "Choose another name, or remove them.",
        )
    FeedContract.model_validate(yaml.safe_load(files[f"ingest/feeds/{name}.yml"]))
    for path, text in files.items():
        if path.endswith(".yml"):
            yaml.safe_load(text)
    numbered = number.header if number is not None and plan.by_line else None
    return NewSource(files, project_file, grain, numbered, tuple(plan.decisions))


def _check_no_other_number(sample: Sample) -> None:
    """Raises BranchlineError if an unknown column may join several lines to one receipt."""
    columns = sample.possible_numbers()
    if columns:
        raise BranchlineError(
            f"Several lines of {sample.path} may be one receipt, because they have the same value"
            f" in the column {' or '.join(columns)}.",
            f"If so, name the column: --receipt-number '{columns[0]}'. If each line is a receipt:"
            " --grain receipt",
        )


def write_source(project: Path, source: NewSource) -> None:
    """Write the files of a planned source, and list it in dbt_project.yml. Overwrites nothing."""
    for path, text in source.files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        with open(project / path, "x", encoding="utf-8") as file:
            file.write(text)
    (project / "dbt_project.yml").write_text(source.project_file, encoding="utf-8")


def _check_name(name: str) -> None:
    if not SOURCE_NAME.fullmatch(name) or len(name) > MOST_NAME_LENGTH or name in NOT_TEXT:
        raise BranchlineError(
            f"'{name}' cannot be the name of a source.",
            f"Lower-case words joined by single underscores, {MOST_NAME_LENGTH} letters at most,"
            f" and not {', '.join(NOT_TEXT)}.",
        )


def _listed(project_file: Path, name: str) -> str:
    """dbt_project.yml with the source after the last one of `source_systems`, comments kept."""
    text = project_file.read_text(encoding="utf-8")
    before = listed_sources(project_file.parent)
    if name in before:
        raise BranchlineError(
            f"Nothing was written, because dbt_project.yml lists the source '{name}' already.",
            "Choose another name.",
        )
    lines = text.splitlines(keepends=True)
    start = next(
        (place for place, line in enumerate(lines) if re.fullmatch(r"  source_systems:\s*", line)),
        None,
    )
    if start is None:
        raise BranchlineError(
            "dbt_project.yml has no `source_systems:` with a line per source.",
            f"Below `vars:`, write it as `  source_systems:` and `    {name}: [transactions]`.",
        )
    end = start + 1
    while end < len(lines) and re.match(r" {4,}\S", lines[end]):
        end += 1
    # Of the first entry: the last line may continue a long list.
    indent = re.match(" *", lines[start + 1]) if end > start + 1 else None
    entry = f"{indent.group() if indent else '    '}{name}: [transactions]\n"
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    made = "".join([*lines[:end], entry, *lines[end:]])
    try:
        content = yaml.safe_load(made)
    except yaml.YAMLError:
        content = None
    wanted = {**yaml.safe_load(text)["vars"], "source_systems": {**before, name: ["transactions"]}}
    if content is None or content["vars"] != wanted:
        raise BranchlineError(
            "Nothing was written, because source_systems in dbt_project.yml does not have one line"
            " per source.",
            f"Write it so, or list the source by hand, as `{name}: []`, and try again without it.",
        )
    return made


def _rendered(name: str, context: Mapping[str, Any]) -> dict[str, str]:
    # dbt's own braces are kept.
    templates = Environment(
        loader=PackageLoader("operate.project", "source_templates"),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    templates.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    staging, conformed = f"models/staging/{name}", f"models/intermediate/conformed/{name}"
    places = {
        f"ingest/feeds/{name}.yml": "feed.yml",
        f"{staging}/_{name}__sources.yml": "sources.yml",
        f"{staging}/stg_{name}__{ENTITY}.sql": "staging.sql",
        f"{staging}/stg_{name}__{ENTITY}.yml": "staging.yml",
        **{
            f"{conformed}/int_{name}__{model}.{ending}": f"{model}.{ending}"
            for model in (ENTITY, "transactions", "sale_lines", "raw_claims")
            for ending in ("sql", "yml")
        },
        PAGE.format(name=name): "page.md",
    }
    return {
        place: templates.get_template(f"{template}.j2").render(context)
        for place, template in places.items()
    }


def _context(plan: _Plan) -> dict[str, Any]:
    """The variables of the templates."""
    name, sample = plan.name, plan.sample
    sign = decimal_sign([sample.of("unit_price"), sample.of("net_amount")])
    sold = sample.of("sold_at")
    if sold is None:
        raise BranchlineError(
            f"No column of {sample.path} looks like the date of a sale: {_headers(sample)}.",
            "Name it `date`, for example, in the first line of the sample.",
        )
    if not (sample.of("unit_price") or sample.of("net_amount")):
        raise BranchlineError(
            f"No column of {sample.path} looks like a price or an amount: {_headers(sample)}.",
            "Name it `unit_price` or `total`, for example, in the first line of the sample.",
        )
    dates = date_format(sold)
    title = name.replace("_", " ").capitalize()
    file_name = _file_name(sample)
    staged, raw_columns = _staged(sample)
    expressions, parsed = _expressions(
        plan, sign, dates, title, [column["name"] for column in staged]
    )
    claims = [
        text
        for text in ("total_text", "quantity_text", "unit_price_text")
        if text in {column["name"] for column in staged}
    ]
    claims = claims[:1] if claims[0] == "total_text" else claims
    line = _tested_line(plan, sign, dates, title)
    for column in staged:
        role = column.pop("role")
        if role in line["values"]:
            column["raw_value"] = line["raw"][role]
            column["value"] = line["values"][role]
    roles = {column.role for column in sample.columns}
    lacks = [column for column in OPTIONAL if column not in roles and column not in expressions]
    return {
        "name": name,
        "title": title,
        "table": f"{name}_{ENTITY}",
        "entity": ENTITY,
        "by_line": plan.by_line,
        "todo": True,
        "sample": sample.path.name,
        "file_name": file_name,
        "ending": sample.ending,
        "time_zone": TIME_ZONE,
        "columns": [_described(column) for column in sample.columns],
        "customers": _customers(sample),
        "raw_columns": raw_columns,
        "staged": staged,
        "tested": [column for column in staged if "value" in column],
        "notes": [line for note in plan.notes for line in wrap(note, 90)],
        "parsed": parsed,
        "expressions": expressions,
        "lacks": _sql_list(lacks),
        "date_order": "" if dates.order == "year_first" else dates.order,
        "of_days": not _has_time(sample, dates),
        "claimed_amount": _claimed_amount(claims, sign),
        "claimed_columns": claims,
        "line": line,
        "decisions": [
            "How often the files come (`freshness` in the source's YAML).",
            *([f"Whether every file is named like {sample.path.name}."] if file_name else []),
            *plan.decisions,
            f"Time zone and currency: a line per branch in `seeds/branches.csv`, source `{name}`;"
            " without it the company's own apply, and lines in another currency are rejected.",
        ],
    }


def _customers(sample: Sample) -> str:
    """How a row names its customer, for the feed: by number, else by name within the branch."""
    number, name = sample.of("customer_id"), sample.of("customer_name")
    branch = sample.of("branch_name")
    rules = [f"{{columns: [{number.name}]}}"] if number is not None else []
    if name is not None:
        within = f", within: {branch.name}" if branch is not None else ""
        rules.append(f"{{columns: [{name.name}]{within}}}")
    return f"[{', '.join(rules)}]" if rules else ""


def _headers(sample: Sample) -> str:
    return ", ".join(column.header for column in sample.columns)


def _sql_list(names: list[str]) -> str:
    """A list argument of a macro, in lines of at most a hundred characters."""
    lines = ["        "]
    for name in names:
        if len(lines[-1]) + len(name) > 92:
            lines.append("        ")
        lines[-1] += f"'{name}', "
    return "[\n" + "\n".join(line.rstrip() for line in lines) + "\n    ]"


def _described(column: SampleColumn) -> dict[str, Any]:
    meaning = MEANINGS.get(column.role, "")
    return {
        "name": column.name,
        "alias": column.alias,
        "path": column.path,
        "role": column.role,
        "header": column.header.replace("|", "/"),
        "holds_codes": column.holds_codes,
        "description": meaning or f"As the file has it: {column.header}.",
        "taken_for": meaning.rstrip(".") or "(not used)",
        "is_personal": column.role in PERSONAL,
    }


def _staged(sample: Sample) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The columns of the staging model, and those of the raw table."""
    staged: list[dict[str, Any]] = []
    raw: list[dict[str, Any]] = []
    reserved = {"file_id", "line_number", "source_system", "loaded_at", *CARD_COLUMNS}
    reserved |= {TEXT_NAMES.get(column.role, column.role) for column in sample.columns}
    for column in sample.columns:
        if column.role == "card_number":
            for name, description in CARD_COLUMNS.items():
                described = {"description": description, "is_personal": True, "role": ""}
                raw.append({**described, "name": name})
                staged.append({**described, "name": name, "expression": name})
            continue
        described = _described(column)
        raw.append(described)
        cleaned = f"{{{{ cleaned('{column.name}') }}}}"
        if column.role == "country":
            cleaned = f"{{{{ cleaned('{column.name}', keep=['NA']) }}}}"
        if column.role in TEXT_NAMES:
            name, expression = TEXT_NAMES[column.role], column.name
        elif column.role in ("payment_method", "currency_code"):
            name, expression = column.role, f"upper({cleaned})"
        elif column.role in IDENTIFIERS:
            name, expression = column.role, f"{{{{ identifier('{column.name}') }}}}"
        else:
            name, expression = column.role or column.name, cleaned
        if not column.role and name in reserved:
            name = f"{name}_as_written"
        staged.append(
            {
                "name": name,
                "raw_name": column.name,
                "expression": expression,
                "role": column.role,
                "description": described["description"],
                "is_personal": described["is_personal"],
            }
        )
    return staged, raw


def _expressions(
    plan: _Plan, sign: str, dates: DateFormat, title: str, staged: list[str]
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The arguments of `receipt_lines`, and the columns parsed before it."""
    sample = plan.sample
    given: dict[str, str] = {}
    parsed: list[dict[str, str]] = []

    def parse(name: str, call: str) -> None:
        parsed.append({"name": name, "expression": f"{{{{ {call} }}}}"})

    if not sample.of("branch_name"):
        given["branch_name"] = f"\"'{title}'\""
        plan.decide(f"No column names the branch: all sales are of one branch, '{title}'.")
    if sample.of("quantity"):
        parse("quantity", f"parse_integer('quantity_text'{_declared(sign)})")
    else:
        given["quantity"] = "'1'"
        plan.decide("No column holds a quantity: each line is one unit.")
    if sample.of("unit_price"):
        parse("unit_price", f"parse_amount('unit_price_text', scale=4{_declared(sign)})")
    if sample.of("net_amount"):
        parse("net_amount", f"parse_amount('total_text'{_declared(sign)})")
    if not sign:
        plan.decide(
            "Which decimal separator it has: the sample does not show it, and 1,234 is rejected."
            " Pass it to `parse_amount` and `parse_integer` (`decimal='.'` or `','`)."
        )
    quantity = "quantity" if sample.of("quantity") else "1"
    if not sample.of("unit_price"):
        given["unit_price"] = (
            "'round(net_amount / nullif(quantity, 0), 4)'" if quantity != "1" else "'net_amount'"
        )
    if not sample.of("net_amount"):
        given["net_amount"] = f"'round({quantity} * unit_price, 2)'"
    if not sample.of("product_name"):
        code = sample.of("product_id")
        given["product_name"] = "'product_id'" if code else f"\"'{title}'\""
        plan.decide(
            "No column names the product: "
            + ("its code is its name." if code else f"everything sold is one product, '{title}'.")
        )
    if sample.of("sold_time"):
        given["sold_at_text"] = "\"sold_at_text || ' ' || sold_time_text\""
    given["is_time_known"] = f"'{str(_has_time(sample, dates)).lower()}'"
    if not dates.is_certain:
        plan.decide("Whether the day or the month comes first in dates: both fit the sample.")
    money = [TEXT_NAMES[role] for role in ("unit_price", "net_amount") if sample.of(role)]
    given["money_text"] = (
        f"\"concat_ws(' | ', {', '.join(money)})\"" if len(money) > 1 else f"'{money[0]}'"
    )
    if sample.of("card_number"):
        plan.decide(
            "Customers are not recognized by their card (`card_token`), only by number or name."
        )
    unknown = [column.name for column in sample.columns if not column.role]
    if unknown:
        plan.decisions.append(
            f"What {', '.join(unknown)} hold: they stay in staging. Where they are personal, mark"
            " them `contains_pii` in the YAML of source and staging."
        )
    if plan.by_line:
        plan.notes.append(
            "Lines of one file, branch and day with the same receipt_number are one receipt."
        )
    # An unknown column may hold anything, such as a customer's address.
    known = {TEXT_NAMES.get(column.role, column.role) for column in sample.columns}
    shown = [name for name in staged if name in known and name not in PERSONAL]
    lines = [""]
    for name in shown:
        if len(lines[-1]) + len(name) > 60:
            lines.append("")
        lines[-1] += f", {name}"
    joined = '"\n            ~ "'.join(lines)
    given["line_text"] = f"\"concat_ws(' | '{joined})\""
    return given, parsed


def _has_time(sample: Sample, dates: DateFormat) -> bool:
    return dates.has_time or sample.of("sold_time") is not None


def _claimed_amount(claims: list[str], sign: str) -> str:
    if claims[0] == "total_text":
        return f"parse_amount('total_text'{_declared(sign)})"
    price = f"parse_amount('unit_price_text', scale=4{_declared(sign)})"
    if claims[0] == "unit_price_text":
        return f"'round(' ~ {price} ~ ', 2)'"
    quantity = f"parse_integer('quantity_text'{_declared(sign)})"
    return f"'round(' ~ {quantity} ~ ' * '\n        ~ {price} ~ ', 2)'"


def _declared(sign: str) -> str:
    """The argument for the decimal separator; empty if unknown."""
    return f", decimal='{sign}'" if sign else ""


def _tested_line(plan: _Plan, sign: str, dates: DateFormat, title: str) -> dict[str, Any]:
    """A record of the sample for the unit tests, with the expected results."""
    sample = plan.sample
    found: tuple[int, dict[str, str], int, Decimal, Decimal, datetime] | None = None
    for record in sample.records():
        quantity = whole_number(record["quantity"], sign) if "quantity" in record else 1
        price = amount(record["unit_price"], sign) if "unit_price" in record else None
        total = amount(record["net_amount"], sign) if "net_amount" in record else None
        text = record["sold_at"] + (f" {record['sold_time']}" if "sold_time" in record else "")
        sold_at = dates.read(text)
        if not quantity or not sold_at:
            continue
        if sold_at.tzinfo is not None:
            sold_at = sold_at.astimezone(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)
        if total is None and price is not None:
            total = _penny(price * quantity)
        elif price is None and total is not None:
            price = (total / quantity).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if price is None or total is None:
            continue
        needed = [
            role for role in ("receipt_number", "branch_name", "product_name") if role in record
        ]
        if not all(record[role] for role in needed):
            continue
        filled = sum(value != "" for value in record.values())
        if found is None or filled > found[0]:
            found = (filled, record, quantity, price, _penny(total), sold_at)
    if found is None:
        money = [column for role in ("unit_price", "net_amount") if (column := sample.of(role))]
        doubtful = [value for column in money for value in column.filled if amount(value, ".")]
        if doubtful and not sign:
            raise BranchlineError(
                f"The amounts of {sample.path}, such as {doubtful[0]}, may be thousands or have"
                " three decimals.",
                "Use a sample with an unambiguous amount, such as 1.50 or 1,50.",
            )
        raise BranchlineError(
            f"No record of {sample.path} can be read as a sale: with a date, a whole quantity and a"
            " price or an amount.",
            "Use a sample with at least one complete record.",
        )
    _, record, quantity, price, total, sold_at = found
    raw = {role: value for role, value in record.items() if value and role != "card_number"}
    for role, placeholder in PLACEHOLDERS.items():
        column = sample.of(role)
        if column and role in raw:
            raw[role] = placeholder + (".0" if has_zero_decimals(column) else "")
    values = dict(raw)
    for role, value in values.items():
        if role in ("payment_method", "currency_code"):
            values[role] = value.upper()
        elif role in IDENTIFIERS:
            values[role] = identifier(value)
    broken = next(role for role in ("quantity", "unit_price", "net_amount") if sample.of(role))
    nulls = {broken}
    if not sample.of("net_amount"):
        nulls |= {"net_amount"}
    elif not sample.of("unit_price"):
        nulls |= {"unit_price"}
    reasons = {
        "quantity": "quantity_unreadable",
        "unit_price": "unit_price_unreadable",
        "net_amount": "total_unreadable",
    }
    return {
        "raw": raw,
        "values": values,
        "loaded_at": f"{sold_at.date()} 23:00:00",
        "broken_column": TEXT_NAMES[broken],
        "broken_as": broken,
        "broken_reasons": ", ".join(name for role, name in reasons.items() if role in nulls),
        "broken_too": sorted(nulls - {broken}),
        "branch_name": values.get("branch_name", title),
        "product_name": values.get("product_name") or values.get("product_id", title),
        "currency_code": values.get("currency_code") or _currency_of(record),
        "quantity": quantity,
        "unit_price": price.quantize(Decimal("0.0001"), ROUND_HALF_UP),
        "net_amount": total,
        "business_date": sold_at.date().isoformat(),
        "sold_at_local": sold_at.isoformat(" "),
    }


def _currency_of(record: Mapping[str, str]) -> str:
    """A currency that the symbols in a record's amounts may mean."""
    money = record.get("unit_price", "") + record.get("net_amount", "")
    return next((code for sign, code in CURRENCIES.items() if sign in money), "EUR")


def _penny(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _file_name(sample: Sample) -> dict[str, str] | None:
    """The pattern of a file name with a date; None for a name without one."""
    name, ending = sample.file_name, sample.ending
    for digits, written in (
        (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
        (r"\d{2}-\d{2}-\d{4}", "%d-%m-%Y"),
        (r"\d{8}", "%Y%m%d"),
    ):
        found = re.search(rf"(?<!\d){digits}(?!\d)", name)
        if not found:
            continue
        try:
            datetime.strptime(found.group(), written)
        except ValueError:
            continue
        before, after = re.escape(name[: found.start()]), name[found.end() :]
        stem = re.escape(after[: -len(ending)]) if after.lower().endswith(ending) else None
        if stem is None or "'" in name:
            return None
        pattern = rf"{before}(?P<business_date>{digits}){stem}\{ending}"
        return {"pattern": pattern, "example": json.dumps(name), "date_format": written}
    return None
