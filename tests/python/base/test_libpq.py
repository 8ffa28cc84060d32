"""Database addresses as libpq's variables, and as shell commands."""

from __future__ import annotations

import subprocess

import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import make_dsn, parse_dsn

from base import libpq
from base.link import connect
from base.settings import read_settings

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)


def test_the_port_is_always_set_and_a_shared_one_only_once() -> None:
    assert libpq.variables("postgresql://u@h/d")["PGPORT"] == "5432"
    assert libpq.variables("postgresql://u@h:6000/d")["PGPORT"] == "6000"
    both = libpq.variables("postgresql://u@a:6000,b:6000/d")
    assert (both["PGHOST"], both["PGPORT"]) == ("a,b", "6000")
    assert libpq.variables("postgresql://u@a:6000,b:6001/d")["PGPORT"] == "6000,6001"


def test_parameters_without_a_variable_are_named() -> None:
    url = "postgresql://u@h/d?keepalives_idle=5&sslmode=require"
    assert libpq.without_variable(url) == ["keepalives_idle"]
    assert libpq.variables(url) == {
        "PGHOST": "h",
        "PGPORT": "5432",
        "PGUSER": "u",
        "PGDATABASE": "d",
        "PGSSLMODE": "require",
        "PGREQUIREAUTH": "scram-sha-256",
    }


@pytest.mark.parametrize(
    ("address", "environ", "required"),
    [
        ("postgresql://u:p@h/d", {}, "scram-sha-256"),
        ("host=h user=u dbname=d", {"PGREQUIREAUTH": " "}, "scram-sha-256"),
        ("postgresql://u:p@h/d?require_auth=", {}, "scram-sha-256"),
        ("postgresql://u@h/d?sslcert=c&require_auth=none", {}, "none"),
        ("postgresql://u:p@h/d", {"PGREQUIREAUTH": "md5,scram-sha-256"}, "md5,scram-sha-256"),
        ("postgresql://u:p@h/d?require_auth=gss", {"PGREQUIREAUTH": "md5"}, "gss"),
    ],
)
def test_scram_is_required_unless_another_method_is_named(
    address: str, environ: dict[str, str], required: str
) -> None:
    held = parse_dsn(libpq.secured(address, environ, application_name="x", options=""))
    assert held == {
        **parse_dsn(address),
        "require_auth": required,
        "application_name": "x",
    }
    found = libpq.environment(environ, address, complete=False)
    assert found["PGREQUIREAUTH"] == required
    # The embedded warehouse's own address is complete.
    whole = libpq.environment({"PGREQUIREAUTH": "none"}, "postgresql://u:p@h/d", complete=True)
    assert whole["PGREQUIREAUTH"] == "scram-sha-256"


def test_foreign_variables_never_set_the_place() -> None:
    theirs = {
        "PATH": "/bin",
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "crm",
        "PGPORT": "6543",
        "PGPASSFILE": "/home/anna/.pgpass",
        "PGSSLROOTCERT": "/ca.pem",
    }
    url = "postgresql://u@h/d"
    found = libpq.environment(theirs, url, complete=False)
    assert found == {
        "PATH": "/bin",
        "PGPASSFILE": "/home/anna/.pgpass",
        "PGSSLROOTCERT": "/ca.pem",
        **libpq.variables(url),
    }
    whole = libpq.environment(theirs, url, complete=True)
    assert whole == {"PATH": "/bin", **libpq.variables(url)}
    libpq.forget_where(theirs)
    assert sorted(theirs) == ["PATH", "PGPASSFILE", "PGSSLROOTCERT"]


# Each example starts a shell.
@settings(max_examples=30, deadline=None)
@given(TEXT)
def test_a_posix_shell_reads_any_value_unchanged(value: str) -> None:
    lines = libpq.shell_lines({"GONE": None, "KEPT": value})
    done = subprocess.run(
        ["sh", "-c", 'eval "$LINES_"; printf "%s.%s" "$KEPT" "${GONE-unset}"'],
        env={"LINES_": lines, "GONE": "here"},
        capture_output=True,
    )
    assert done.stdout == (value + ".unset").encode(), done.stderr


@given(
    st.dictionaries(
        st.sampled_from(["password", "options", "sslrootcert", "application_name"]), TEXT
    ),
    st.sampled_from(
        ["h", "::1", "10.0.0.1", "/tmp/so cket", "a,b", "@abstract", "h%", "fe80::1%e"]
    ),
    st.sampled_from([{}, {"port": "5433"}]),
    TEXT,
    TEXT,
)
def test_a_key_value_address_equals_its_url(
    more: dict[str, str], host: str, port: dict[str, str], user: str, database: str
) -> None:
    parts = {"host": host, "user": user, "dbname": database, **port, **more}
    dsn = make_dsn(**parts)
    assert parse_dsn(libpq.as_url(dsn)) == parts


def test_the_setting_accepts_both_forms() -> None:
    dsn = r"host=/run/sockets port=5433 user=anna password='it\'s hush' dbname=sales"
    url = read_settings({"BRANCHLINE_DATABASE_URL": dsn}).database_url
    assert url is not None
    assert url.startswith("postgresql://anna:it%27s%20hush@/sales?")
    assert parse_dsn(url) == parse_dsn(dsn)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("sslmode", "Zecret9pw"),
        ("sslmode", "require,Zecret9pw"),
        ("channel_binding", "Zecret9pw"),
        ("require_auth", "Zecret9pw"),
        ("target_session_attrs", "Zecret9pw"),
        ("keepalives_idle", "Zecret9pw"),
        ("connect_timeout", "Zecret9pw"),
        ("service", "Zecret9pw"),
        ("sslrootcert", "Zecret9pw"),
        ("ssl_min_protocol_version", "Zecret9pw"),
        ("options", "-c Zecret9pw"),
        ("options", "-c search_path=Zecret9pw -c Zecret9pw=1"),
    ],
)
def test_connection_messages_do_not_repeat_the_address(parameter: str, value: str) -> None:
    address = make_dsn(host="127.0.0.1", port="1", user="u", dbname="d", **{parameter: value})
    with pytest.raises(psycopg2.OperationalError) as caught:
        connect(address)
    assert "Zecret9pw" not in str(caught.value)


def test_a_message_keeps_text_that_is_not_secret() -> None:
    reported = (
        'connection to server at "127.0.0.1", port 5432 failed: sslmode value "verify-full"'
        ' invalid; root certificate file "/etc/ca.pem" does not exist; parameter "x" of'
        ' "12345", "hush"'
    )
    parameters = {
        "host": "127.0.0.1",
        "port": "5432",
        "user": "x",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "password": "12345",
        "options": "-c x=hush",
    }
    assert libpq.without_values(reported, parameters) == reported.replace("12345", "***").replace(
        "hush", "***"
    )
