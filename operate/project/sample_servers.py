"""The sample company's places on loopback: an object store, databases and REST APIs.

For trying out how Branchline reads them; each is a real server. The object store is moto's, which
is one of the developers' packages.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from psycopg2 import sql
from psycopg2.extras import execute_values

from base.errors import BranchlineError
from base.link import HOST, open_link
from operate.project.sample_databases import restore
from operate.server.server import Warehouse
from sample.company import Company, places, write_company
from sample.errors import SampleError
from sample.places import Api, Database, Places, Tables

BUCKET = "inbox"
_USER = "sample"


@dataclass(frozen=True)
class Served:
    """What runs: the environment that leads to it, and how many rows and files it holds."""

    environment: Mapping[str, str]
    objects: int
    rows: int


@contextlib.contextmanager
def serving(company: Company, folder: Path | None = None) -> Iterator[Served]:
    """Serve the company until the block ends. Raises BranchlineError.

    `folder`: where the temporary folder of files and databases is created.
    """
    with tempfile.TemporaryDirectory(prefix="branchline-sample-", dir=folder) as name:
        temporary = Path(name)
        # For root, another user runs the database.
        temporary.chmod(0o711)
        try:
            found = places(company)
            files = _files(temporary / "files", company, found)
        except SampleError as error:
            raise BranchlineError(error.message, error.hint) from None
        with serving_places(files, found, temporary / "database") as served:
            yield served


@contextlib.contextmanager
def serving_places(
    files: Mapping[str, Path], found: Sequence[Places], database: Path
) -> Iterator[Served]:
    """Serve files, by their paths in the object store, and places until the block ends.

    `database`: the folder of the PostgreSQL server, which is created where there are tables or
    databases.
    """
    with contextlib.ExitStack() as stack:
        environment, rows = dict(stack.enter_context(_object_store(files))), 0
        for api in [api for place in found for api in place.apis]:
            environment |= stack.enter_context(_api(api))
        tables = {name: tables for place in found for name, tables in place.tables.items()}
        databases = [one for place in found for one in place.databases]
        if tables or databases:
            given, rows = stack.enter_context(_databases(database, tables, databases))
            environment |= given
        yield Served(environment, len(files), rows)


def _files(folder: Path, company: Company, found: Sequence[Places]) -> dict[str, Path]:
    """The company's files by their paths, without those that stand in databases and APIs."""
    summary = write_company(folder, **asdict(company))
    left_out = frozenset[str]().union(*(place.instead_of for place in found))
    paths = {truth.path for truth in summary.files} - left_out
    return {path: folder / path for path in sorted(paths)}


# The object store


@contextlib.contextmanager
def _object_store(files: Mapping[str, Path]) -> Iterator[dict[str, str]]:
    try:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError:
        raise BranchlineError(
            "The object store needs the developers' packages (moto).",
            "Run `make setup`, which installs them.",
        ) from None
    # botocore has no types.
    import botocore.session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            return

    answer = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, 0, answer, threaded=True, request_handler=Quiet)
    with _running(server):
        key, secret = _USER, secrets.token_urlsafe(24)
        endpoint = f"http://{HOST}:{server.server_port}"
        session = botocore.session.Session()
        session.set_credentials(key, secret)
        client = session.create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=endpoint,
            config=Config(s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket=BUCKET)
        for path, file in files.items():
            client.put_object(Bucket=BUCKET, Key=path, Body=file.read_bytes())
        yield {
            "BRANCHLINE_INBOX": f"s3://{BUCKET}",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }


# The APIs


@contextlib.contextmanager
def _api(api: Api) -> Iterator[dict[str, str]]:
    key = secrets.token_urlsafe(24)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            given = self.headers.get(api.key_header, "")
            if not hmac.compare_digest(given.encode(), key.encode()):
                self._send(403, '{"message": "Forbidden"}')
                return
            text = api.answer(unquote(self.path.partition("?")[0]).strip("/"))
            self._send(200, text) if text else self._send(404, '{"message": "Not Found"}')

        def _send(self, status: int, text: str) -> None:
            body = text.encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer((HOST, 0), Handler)
    with _running(server):
        variable = f"BRANCHLINE_SOURCE_{api.connection.upper()}"
        yield {
            f"{variable}_URL": f"http://{HOST}:{server.server_port}/",
            f"{variable}_KEY": key,
        }


@contextlib.contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# The databases


@contextlib.contextmanager
def _databases(
    folder: Path, connections: Mapping[str, Tables], databases: Sequence[Database]
) -> Iterator[tuple[dict[str, str], int]]:
    """A PostgreSQL server with one database for the tables of all connections, and all others."""
    warehouse = Warehouse(folder)
    connection = warehouse.start()
    try:
        with open_link(connection.url) as link, link.cursor() as cursor:
            tables = [one for found in connections.values() for one in found.items()]
            for table, rows in tables:
                _fill(cursor, table, rows)
        url = warehouse.network_url()
        environment = {f"BRANCHLINE_SOURCE_{name.upper()}_URL": url for name in connections}
        given, restored = restore(url, databases)
        yield {**environment, **given}, sum(len(rows) for _, rows in tables) + restored
    finally:
        warehouse.stop()


def _fill(cursor: Any, table: str, rows: Sequence[Mapping[str, str]]) -> None:
    columns = list(rows[0])
    name = sql.Identifier("public", table)
    types = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(column), sql.SQL("bigint" if column == "index" else "text")
        )
        for column in columns
    )
    cursor.execute(sql.SQL("create table {} ({})").format(name, types))
    execute_values(
        cursor,
        sql.SQL("insert into {} values %s").format(name).as_string(cursor),
        [tuple(row[column] or None for column in columns) for row in rows],
        page_size=1000,
    )
