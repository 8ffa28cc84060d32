"""The real lists of the company, where they are: no real row is lost, and all noise is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import throwaway
from nightly import Project, new_project

from base.link import Connection

# Name in the inbox: the real file.
FILES = {
    "users.csv": "legacy_users.csv",
    "stores.csv": "legacy_stores_api.csv",
    "products.csv": "products.csv",
    "card_details.pdf": "card_details_6_pages.pdf",
}


@pytest.fixture(scope="module")
def lists(
    postgres_server: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    folder = throwaway.real_files() / "multinational"
    with new_project(postgres_server, tmp_path_factory.mktemp("lists")) as project:
        for name, real in FILES.items():
            project.deliver(f"multinational/{name}", (folder / real).read_bytes())
        assert project.load().counts()["loaded"] == len(FILES)
        project.dbt(
            "run",
            *("--select", "+int_multinational__customers", "+int_multinational__branches"),
            *("+int_multinational__products", "+int_multinational__cards"),
            *("+int_multinational__refused_list_lines", "int_files__versioned"),
        )
        yield project


def test_every_real_row_is_in_its_list_and_every_noise_row_is_rejected(lists: Project) -> None:
    counted = {
        entity: lists.rows(
            f"select count(*), count(*) filter (where is_current)"
            f" from intermediate.int_multinational__{entity}"
        )[0]
        for entity in ("customers", "branches", "products", "cards")
    }
    assert counted == {
        "customers": (250, 250),
        "branches": (246, 246),
        "products": (250, 250),
        "cards": (330, 330),
    }
    refused = lists.rows(
        "select feed, reject_reasons, count(*)"
        " from intermediate.int_multinational__refused_list_lines"
        " inner join intermediate.int_files__versioned using (file_id) group by 1, 2 order by 1, 2"
    )
    assert refused == [
        ("multinational_stores", "line_empty", 1),
        ("multinational_stores", "line_random", 3),
    ]


def test_values_of_the_real_lists_are_clean(lists: Project) -> None:
    assert lists.rows(
        "select country_code, count(*), count(phone_number), count(date_of_birth),"
        " count(joined_on), count(email_address), count(phone_extension) > 0,"
        " bool_and(phone_number ~ '^[+][1-9][0-9]{6,14}$'), bool_or(email_address like '%@@%')"
        " from intermediate.int_multinational__customers group by 1 order by 1"
    ) == [
        ("DE", 72, 72, 72, 72, 72, False, True, False),
        ("GB", 155, 155, 155, 155, 155, False, True, False),
        ("US", 23, 23, 23, 23, 23, True, True, False),
    ]
    # Longitude and latitude are in each other's place in the file, in every country.
    assert lists.rows(
        "select country_code, count(*), bool_and(case country_code"
        " when 'GB' then latitude between 49 and 61 and longitude between -9 and 3"
        " when 'DE' then latitude between 47 and 56 and longitude between 5 and 16"
        " when 'US' then latitude between 18 and 72 and longitude between -180 and -66 end),"
        " count(staff_count), count(opening_date), array_agg(distinct continent)"
        " from intermediate.int_multinational__branches where channel = 'store'"
        " group by 1 order by 1"
    ) == [
        ("DE", 80, True, 80, 80, ["Europe"]),
        ("GB", 146, True, 146, 146, ["Europe"]),
        ("US", 19, True, 19, 19, ["America"]),
    ]
    assert lists.rows(
        "select branch_name, country_code, latitude, longitude, locality, staff_count"
        " from intermediate.int_multinational__branches where channel = 'online'"
    ) == [("WEB-1388012W", "GB", None, None, None, 325)]
    assert lists.rows(
        "select count(list_price), count(weight_kg), count(ean), count(listed_on),"
        " count(*) filter (where is_available), max(weight_kg) < 100"
        " from intermediate.int_multinational__products"
    ) == [(250, 250, 250, 250, 236, True)]
    assert lists.rows(
        "select count(card_provider), count(card_last4), count(expiry_month), count(confirmed_on)"
        " from intermediate.int_multinational__cards"
    ) == [(330, 330, 330, 330)]
