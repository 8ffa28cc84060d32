"""Calls to a REST API: dlt's client and paginators, with our patience, limits and words."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import json
import queue
import random
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

import requests
import urllib3
from jsonpath_ng import Fields, JSONPath, Root

from base.printing import printable
from base.quiet import hush_dlt
from base.stores.faults import Fault
from ingest.cards import mask_text
from ingest.contract.apis import ApiResource
from ingest.contract.connections import key_variable_of, variable_of
from ingest.formats.exact_json import found_at
from ingest.formats.json_text import parse
from ingest.origins import remote
from ingest.origins.connected import Tell
from ingest.origins.database_errors import cause_of

hush_dlt()

from dlt.common.configuration.specs import RuntimeConfiguration  # noqa: E402  once it is hushed
from dlt.sources.helpers.requests.session import Session  # noqa: E402
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth  # noqa: E402
from dlt.sources.helpers.rest_client.client import RESTClient  # noqa: E402
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator  # noqa: E402
from dlt.sources.rest_api.config_setup import create_paginator  # noqa: E402

LARGEST_ANSWER = 64 << 20
"""Bytes of one answer, unpacked: it is parsed in memory."""
LONGEST_ASKED = 300.0
"""Seconds to wait in all for one call, where the server itself says when to call again."""
GRACE = 5.0
"""Seconds behind its time after which a call is given up whose answer has not even begun."""
MOST_REDIRECTS = 5
MOST_EMPTY_PAGES = 100
"""Pages without records in a row; more are an endless list."""
REPORT_SECONDS = 5.0

NO_CONTENT = 204

_CHUNK = 64 << 10
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_AWAY = {502, 503, 504}
_GONE = {404, 410}
_MORE = {"hasmore", "hasnext", "hasnextpage", "morepages", "moreresults"}
_NEXT = {
    *("nextpage", "nextpagetoken", "nexttoken", "nextcursor", "nexturl", "nextlink", "nextpageurl"),
    *("odatanextlink", "continuationtoken"),
}
_TOTALS = {"total", "totalcount", "totalrecords", "totalitems", "totalresults", "totalelements"}
_RETRY_AFTER = urllib3.util.Retry()

Result = TypeVar("Result")
Params = Mapping[str, str | list[str]]


class CallError(Exception):
    """A call that failed. `fault`: in words; `retry_after`: seconds that the server asks for."""

    def __init__(
        self, fault: Fault, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(fault.text)
        self.fault = fault
        self.status = status
        self.retry_after = retry_after

    @property
    def is_not_there(self) -> bool:
        """Whether the server says that there is no such thing."""
        return self.status in _GONE


class UnstableError(Exception):
    """The records changed while they were read; the text says how that was seen."""


class _StoppedError(Exception):
    """The reading ended before this call was made."""


@dataclass(frozen=True)
class Page:
    """The records of one answer. `of`: the id that was called, if there are ids."""

    of: Any
    records: list[Any]
    is_paged: bool = False
    """Whether the answer was one page of several."""
    is_missing: bool = False
    """Whether the server has nothing under this id."""


class Pace:
    """When the next call of a connection may be made."""

    def __init__(self) -> None:
        self.per_second: float | None = None
        self._lock = threading.Lock()
        self._next = 0.0
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Make no call for so long."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)

    def seconds_held(self) -> float:
        """How long no call will be made, because the server asked for it."""
        return max(0.0, self._held_until - time.monotonic())

    def seconds_to_wait(self) -> float:
        """0 if a call may be made now, which then counts."""
        with self._lock:
            now = time.monotonic()
            wait = max(self._next, self._held_until) - now
            if wait > 0:
                return wait
            if self.per_second is not None:
                self._next = now + 1 / self.per_second
            return 0.0


class Answer(requests.Response):
    """An answer whose body has been read; its JSON is parsed without loss, and once."""

    tree: Any

    def json(self, **_: Any) -> Any:
        """The parsed body."""
        return self.tree


class Calls:
    """The calls of one reading of a resource, by several threads."""

    def __init__(
        self, name: str, base_url: str, key: str | None, spec: ApiResource, pace: Pace
    ) -> None:
        self.name = name
        self.base_url = base_url
        self.spec = spec
        self.key_header = spec.key_header or "Authorization"
        self._accepted = "*/*" if spec.gives_a_file else "application/json"
        self.host = urlsplit(base_url).netloc
        self._key = key
        self._pace = pace
        self._stop = threading.Event()
        self._local = threading.local()
        self._answered = 0
        self._begun: dict[int, float] = {}
        """When the calls that run now were begun, by their threads."""
        self._trouble = ""

    # One call

    def note_call(self, url: str) -> None:
        """Note the address that this thread calls now, which may be where a redirect leads."""
        self._local.url = url

    def _elsewhere(self) -> str | None:
        """The host that this thread calls, if it is not the one of the base URL."""
        try:
            here, base = urlsplit(getattr(self._local, "url", "")), urlsplit(self.base_url)
            host = here.netloc.rpartition("@")[2]
            if not host or _place_of(here) == _place_of(base):
                return None
        except ValueError:
            return None
        return printable(mask_text(host))

    def sends_its_key(self, request: Any) -> bool:
        """Whether a request carries the key, in its headers or its address."""
        param = self.spec.key_param
        return self.key_header in request.headers or (
            param is not None and param in parse_qs(urlsplit(request.url).query)
        )

    @property
    def _session(self) -> _Session:
        # requests' sessions are not made for several threads.
        if not hasattr(self._local, "session"):
            self._local.session = _Session(self)
        return cast(_Session, self._local.session)

    def _client(self) -> RESTClient:
        auth: Any = _without_key
        if self._key is not None and self.spec.key_param is not None:
            auth = APIKeyAuth(name=self.spec.key_param, api_key=self._key, location="query")
        elif self._key is not None and self.spec.key_header is not None:
            auth = APIKeyAuth(name=self.spec.key_header, api_key=self._key)
        elif self._key is not None:
            auth = BearerTokenAuth(token=self._key)
        return _Client(
            self.base_url,
            headers={"Accept": self._accepted, "Accept-Encoding": "gzip"},
            auth=auth,
            session=self._session,
            config=RuntimeConfiguration(),
        )

    def pages(
        self,
        path: str,
        params: Params,
        paginator: Any,
        records: str | None,
        check: Callable[[Any], None],
    ) -> Iterator[requests.Response]:
        """The answers of all pages, each checked as soon as it is read.

        `records`: where the records are, for paginators that count them. Raises CallError, and
        UnstableError if a page comes twice.
        """
        self._session.check = check
        asked: set[str] = set()
        try:
            for page in self._client().paginate(
                path,
                params=dict(params),
                paginator=deepcopy(paginator),
                data_selector=_selector(records),
                hooks={"response": []},
            ):
                first = page.response.history[0] if page.response.history else page.response
                url = str(first.request.url)
                if url in asked:
                    raise CallError(
                        Fault(
                            f"the API {self.name} goes round in a circle: page {len(asked) + 1} is"
                            " one that was read before",
                            "check pages",
                        )
                    )
                asked.add(url)
                yield page.response
        except (ValueError, TypeError, KeyError) as error:
            # A paginator does not find what it is to look for; its text may hold the whole answer.
            if isinstance(error, requests.RequestException):
                raise self._translated(error) from None
            raise CallError(
                Fault(
                    f"an answer of the API {self.name} does not have what pages names for the next"
                    f" page ({type(error).__name__} in dlt's paginator)",
                    "check pages: total_path, has_more_path, cursor_path or next_url_path; a path"
                    " that the answers do not have is set to null",
                )
            ) from None

    def patiently(self, request: Callable[[], Result]) -> Result:
        """Make a call, again where that may help. Raises CallError."""
        patience, asked, attempt = remote.PATIENCE, LONGEST_ASKED, 0
        while True:
            began = time.monotonic()
            try:
                result = request()
            except CallError as error:
                if not error.fault.temporary:
                    raise
                attempt += 1
                pause = min(remote.LONGEST_WAIT, 0.2 * 2 ** min(attempt, 9)) * random.uniform(
                    0.5, 1
                )
                if error.retry_after is not None:
                    pause = error.retry_after
                    asked -= pause
                    if asked < 0:
                        raise self._asks_for_too_long(error, pause) from None
                    self._pace.hold(pause)
                else:
                    patience -= time.monotonic() - began + pause
                    # A call that timed out is made once more.
                    if (patience < 0 and attempt > 1) or pause > remote.PATIENCE:
                        raise
                self._trouble = error.fault.text
                self.sleep(pause)
                continue
            self._trouble = ""
            self._answered += 1
            return result

    def _asks_for_too_long(self, error: CallError, pause: float) -> CallError:
        return CallError(
            Fault(
                f"{error.fault.text}, and asks to wait for {pause:.0f} s",
                f"the limit is {LONGEST_ASKED:.0f} s in all; the next load tries again. If it"
                " limits calls, lower calls_per_second",
                temporary=True,
            ),
            error.status,
        )

    def sleep(self, seconds: float) -> None:
        """Wait, unless the reading ends."""
        if self._stop.wait(seconds):
            raise _StoppedError

    def whole(self, send: Callable[..., requests.Response], options: dict[str, Any]) -> Answer:
        """Make one call and read its answer to the end, within the time for one call."""
        while wait := self._pace.seconds_to_wait():
            self.sleep(min(wait, 1.0))
        if self._stop.is_set():
            raise _StoppedError
        began = self._begun[threading.get_ident()] = time.monotonic()
        try:
            return self._read_whole(send, options, began + self.spec.timeout)
        finally:
            del self._begun[threading.get_ident()]

    def _read_whole(
        self, send: Callable[..., requests.Response], options: dict[str, Any], deadline: float
    ) -> Answer:
        longest = min(self.spec.timeout, remote.READ_TIMEOUT)
        timeouts = (min(remote.CONNECT_TIMEOUT, longest), longest)
        try:
            response = send(**{**options, "stream": True, "timeout": timeouts})
            with contextlib.closing(response):
                body = self._body(response, deadline)
        except CallError:
            raise
        except Exception as error:
            raise self._translated(error) from None
        response.__class__ = Answer
        response._content = body
        answer = cast(Answer, response)
        self._check_status(answer, body)
        has_tree = answer.status_code != NO_CONTENT and not self.spec.gives_a_file
        answer.tree = self._tree(answer, body) if has_tree else None
        self._session.check(answer.tree)
        return answer

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        # read1 returns what has arrived; read would wait for a whole chunk, however slow it is.
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise self._too_large()
            if time.monotonic() > deadline:
                raise self._too_slow()
            parts.append(chunk)
        body = b"".join(parts)
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip") and body:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as unpacked:
                body = unpacked.read(LARGEST_ANSWER + 1)
            if len(body) > LARGEST_ANSWER:
                raise self._too_large()
        elif encoding not in ("identity", "", "gzip", "x-gzip"):
            raise CallError(
                Fault(f"the API {self.name} packs its answers in an unknown way ({encoding:.20})")
            )
        return body

    def _too_slow(self) -> CallError:
        return CallError(
            Fault(
                f"the API {self.name} did not finish its answer in {self.spec.timeout:g} s",
                "the next load tries again; raise the feed's timeout if that is too short",
                temporary=True,
            )
        )

    def _too_large(self) -> CallError:
        return CallError(
            Fault(
                f"an answer of the API {self.name} is larger than {LARGEST_ANSWER >> 20} MB",
                "read it in pages (pages), or less of it (params)",
            )
        )

    def _tree(self, answer: Answer, body: bytes) -> Any:
        try:
            charset = requests.utils.get_encoding_from_headers(answer.headers)
            declared = "charset" in answer.headers.get("Content-Type", "").lower()
            name = charset if declared and charset else json.detect_encoding(body)
            text = body.decode(name).removeprefix("\ufeff")
            return parse(text)
        except RecursionError:
            raise CallError(
                Fault(f"an answer of the API {self.name} is nested too deeply")
            ) from None
        except (ValueError, LookupError):
            raise self._not_json(body) from None

    def _not_json(self, body: bytes) -> CallError:
        start, end = body.lstrip()[:1], body.rstrip()[-1:]
        if (start, end) in ((b"{", b"}"), (b"[", b"]")):
            return CallError(
                Fault(
                    f"an answer of the API {self.name} is not valid JSON, or not UTF-8",
                    "ask those who run it",
                )
            )
        if start in (b"{", b"["):
            return CallError(Fault(f"an answer of the API {self.name} broke off", "", True))
        kind = "a web page" if _is_web_page(body) else "another text"
        if not body.strip():
            kind = "nothing"
        return self._something_else(kind, "JSON")

    def file(self, path: str, params: Params) -> Iterator[bytes]:
        """The answer of one call, whatever it is. Raises CallError."""
        paginator = made_paginator(self.name, "single_page")
        for answer in self.pages(path, params, paginator, None, lambda _: None):
            if _is_web_page(answer.content):
                raise self._something_else("a web page", "a file")
            yield answer.content

    def _something_else(self, kind: str, expected: str) -> CallError:
        return CallError(
            Fault(
                f"the API {self.name} answers with {kind} instead of {expected}",
                f"check {variable_of(self.name)} and path; if it is a log-in page, check the key"
                f" ({key_variable_of(self.name)}) and key_header",
            )
        )

    # Errors

    def _check_status(self, answer: Answer, body: bytes) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        elsewhere = self._elsewhere()
        path = (elsewhere or "") + printable(mask_text(urlsplit(str(answer.url)).path))
        variable = key_variable_of(self.name)
        retry_after = None
        if status in (401, 403) and elsewhere and self._key is not None:
            fault = Fault(
                f"the API {self.name} leads to {path}, which requires a key (HTTP {status})",
                f"the key is sent to no other server: check the base URL in"
                f" {variable_of(self.name)}",
            )
        elif status == 401:
            wrong = "rejects the key" if self._key is not None else "requires a key"
            fault = Fault(
                f"the API {self.name} {wrong} (HTTP 401)",
                f"check {variable} and key_header",
                gone=True,
            )
        elif status == 403:
            fault = Fault(
                f"the API {self.name} does not allow to read {path} (HTTP 403)",
                f"check {variable} and key_header, and what the key may read",
            )
        elif status in _GONE:
            fault = Fault(
                f"the API {self.name} has no {path} (HTTP {status})",
                f"check path, and the base URL in {variable_of(self.name)}",
            )
        elif status in _PASSING or status >= 520:
            words = "limits the calls" if status == 429 else "fails"
            fault = Fault(
                f"the API {self.name} {words} (HTTP {status})",
                "the next load tries again",
                temporary=True,
                gone=status in _AWAY,
            )
            retry_after = _retry_after(answer)
        elif 300 <= status < 400:
            fault = Fault(f"the API {self.name} redirects to nowhere (HTTP {status})", "check path")
        else:
            fault = Fault(
                f"the API {self.name} rejects the call of {path} (HTTP {status}){self._said(body)}",
                "check path, params and pages",
            )
        raise CallError(fault, status, retry_after)

    def _said(self, body: bytes) -> str:
        """The server's own words, if it has any, without the key."""
        with contextlib.suppress(ValueError, RecursionError):
            found = parse(body[:10_000].decode("utf-8"))
            for name in ("message", "error", "detail", "title"):
                text = found_at(found, name)
                if isinstance(text, str) and text.strip():
                    if self._key:
                        text = text.replace(self._key, "***")
                    return f": {printable(mask_text(text.strip()[:200]))}"
        return ""

    def _translated(self, error: Exception) -> CallError:
        """What an error of the client means; its own text may hold the address or the key."""
        if isinstance(error, CallError):
            return error
        elsewhere = self._elsewhere()
        base = f"the server {self.host} of the API {self.name}"
        server = f"the server {elsewhere}, where the API {self.name} leads" if elsewhere else base
        is_base = elsewhere is None
        again = "the next load tries again"
        if isinstance(error, _StoppedError):
            raise error
        if isinstance(error, requests.exceptions.SSLError):
            return CallError(
                Fault(
                    f"{server} has no certificate that is trusted here",
                    "check the address; for an authority of your own, name its file in"
                    " REQUESTS_CA_BUNDLE",
                    gone=is_base,
                )
            )
        unknown = cause_of(error, socket.gaierror)
        if unknown is not None or "NameResolutionError" in repr(error):
            passes = unknown is not None and unknown.errno == getattr(socket, "EAI_AGAIN", None)
            where = urlsplit(self.base_url).hostname
            hint = f"check {variable_of(self.name)}"
            if elsewhere is not None:
                where = f"{elsewhere}, where the API {self.name} leads"
                hint = f"{hint} and path, or ask those who run it"
            return CallError(
                Fault(f"no server has the name {where}", hint, temporary=passes, gone=is_base)
            )
        if isinstance(error, requests.exceptions.TooManyRedirects):
            return CallError(Fault(f"{base} redirects again and again", "check path"))
        late = (requests.exceptions.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)
        if isinstance(error, late):
            return CallError(Fault(f"{server} does not answer in time", again, True, is_base))
        if isinstance(error, requests.exceptions.InvalidHeader):
            return CallError(Fault("the key cannot be sent", f"check {key_variable_of(self.name)}"))
        if isinstance(error, (ValueError, requests.exceptions.MissingSchema)):
            return CallError(Fault(f"{base} redirects to an invalid address", "check path"))
        if isinstance(error, (gzip.BadGzipFile, zlib.error)):
            return CallError(Fault(f"an answer of {server} cannot be unpacked", again, True))
        if isinstance(error, requests.exceptions.ConnectionError):
            return CallError(Fault(f"there is no connection to {server}", again, True, is_base))
        passing = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, EOFError)
        if isinstance(error, passing):
            return CallError(Fault(f"the connection to {server} broke off", again, True, is_base))
        return CallError(Fault(f"reading failed: {type(error).__name__}"))

    def elsewhere(self, url: str) -> CallError:
        """The error about a link to the next page that leads to another server."""
        return CallError(
            Fault(
                f"the API {self.name} links to a page on another server"
                f" ({printable(urlsplit(url).netloc.rpartition('@')[2])}), which does not get the"
                " key",
                f"check the base URL in {variable_of(self.name)}",
            )
        )

    # Several calls at once

    def gathered(
        self, jobs: Iterable[Callable[[], Iterator[Result]]], tell: Tell | None, what: str
    ) -> Iterator[Result]:
        """What these jobs yield, as it comes; at most `concurrency` of them run at once.

        Reports at least every few seconds. The first error ends all.
        """
        source, lock = iter(jobs), threading.Lock()
        done = object()
        found: queue.Queue[Any] = queue.Queue(2 * self.spec.concurrency)

        def put(item: Any) -> None:
            while not self._stop.is_set():
                with contextlib.suppress(queue.Full):
                    found.put(item, timeout=0.5)
                    return

        def work() -> None:
            try:
                while not self._stop.is_set():
                    with lock:
                        job = next(source, None)
                    if job is None:
                        break
                    for item in job():
                        put(item)
            except _StoppedError:
                pass
            except BaseException as error:
                put(error)
            put(done)

        workers = [threading.Thread(target=work, daemon=True) for _ in range(self.spec.concurrency)]
        told = time.monotonic()
        try:
            for worker in workers:
                worker.start()
            running = len(workers)
            while running:
                if tell is not None and time.monotonic() - told >= REPORT_SECONDS:
                    told = time.monotonic()
                    tell(*self._state(what))
                # Headers that drip in are seen by nobody else.
                oldest = min([*self._begun.values()], default=time.monotonic())
                if time.monotonic() - oldest > self.spec.timeout + GRACE:
                    raise self._too_slow()
                try:
                    item = found.get(timeout=min(1.0, REPORT_SECONDS))
                except queue.Empty:
                    continue
                if item is done:
                    running -= 1
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
        finally:
            self._stop.set()
            for worker in workers:
                worker.join(0.1)

    def _state(self, what: str) -> tuple[str, bool]:
        held = self._pace.seconds_held()
        if held:
            return f"{self._trouble}; it asks to wait, for another {held:.0f} s.", True
        if self._trouble:
            return f"{self._trouble}; trying again.", True
        return f"{what}: {self._answered:,} calls answered", False


def _without_key(request: Any) -> Any:
    # With no way to log in, requests would take one from ~/.netrc.
    return request


def _selector(path: str | None) -> JSONPath:
    made: JSONPath = Root()
    for name in path.split(".") if path else ():
        made = made.child(Fields(name))
    return made


def _is_web_page(body: bytes) -> bool:
    return body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<"


def _retry_after(answer: requests.Response) -> float | None:
    """The seconds of Retry-After, which is a number or a date; None without a valid one."""
    given = answer.headers.get("Retry-After")
    if not given:
        return None
    try:
        # A moment that has passed says nothing.
        return float(_RETRY_AFTER.parse_retry_after(given)) or None
    except (urllib3.exceptions.HTTPError, ValueError, OverflowError):
        return None


def made_paginator(name: str, pages: Any) -> Any:
    """dlt's paginator for these settings; None for `auto`. Raises CallError."""
    try:
        return _with_an_end(create_paginator(pages))
    except Exception:
        raise CallError(
            Fault(
                f"dlt does not accept the pages of the API {name}",
                "check the values of its options against dlt's page about paginators",
            )
        ) from None


class _JsonLinks(JSONLinkPaginator):
    """A last page may name the next one with an empty text, or false."""

    def update_state(self, response: Any, data: Any = None) -> None:
        super().update_state(response, data)
        self._next_reference = self._next_reference or None


def _with_an_end(paginator: Any) -> Any:
    if type(paginator) is JSONLinkPaginator:
        paginator.__class__ = _JsonLinks
    return paginator


class _Client(RESTClient):
    """dlt's client, which finds our paginators."""

    def detect_paginator(self, response: Any, data: Any) -> Any:
        """The paginator for the first answer."""
        return _with_an_end(super().detect_paginator(response, data))


def more_than(response: requests.Response, count: int) -> str:
    """What an answer, or its headers, say of more records than it has; empty for nothing.

    Its own names and those of the objects in it count, not those of the records.
    """
    tree = response.json()
    objects = [tree, *tree.values()] if isinstance(tree, dict) else []
    said: list[tuple[str, Any]] = [
        pair for value in objects if isinstance(value, dict) for pair in value.items()
    ]
    for name, value in [*said, *response.headers.items()]:
        plain = "".join(filter(str.isalnum, name.lower())).removeprefix("x")
        text = str(value)
        is_more = plain in _MORE and text.lower() == "true"
        is_next = plain in _NEXT and isinstance(value, str) and value != ""
        # The parser's numbers are texts.
        is_total = plain in _TOTALS and text.isdecimal() and len(text) < 20 and int(text) > count
        if is_more or is_next or is_total:
            return f"{name} {text}" if is_total else name
    return ""


def names_another_page(response: requests.Response) -> bool:
    """Whether the answer links to a next page, in its headers."""
    return bool(response.links.get("next"))


class _Session(Session):
    """dlt's session, which retries as we do and gives the key to no other server."""

    check: Callable[[Any], None]

    def __init__(self, calls: Calls) -> None:
        super().__init__(raise_for_status=False)
        self.max_redirects = MOST_REDIRECTS
        self._calls = calls

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Do nothing: `send` removes the key, and nothing is taken from ~/.netrc."""

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request; the answer to it has been read, and its redirects followed."""
        calls = self._calls
        request.url = _upgraded(request.url, calls.base_url)
        is_redirected = not options.get("allow_redirects", True)
        if self.should_strip_auth(calls.base_url, request.url):
            if calls.sends_its_key(request) and not is_redirected:
                raise calls.elsewhere(request.url)
            request.headers.pop(calls.key_header, None)
        if is_redirected:
            return self._send_once(request, **options)
        return calls.patiently(lambda: calls.whole(partial(self._send_once, request), options))

    def _send_once(self, request: Any, **options: Any) -> requests.Response:
        self._calls.note_call(request.url)
        found: requests.Response = super().send(request, **options)  # type: ignore[no-untyped-call]
        return found


def _place_of(address: SplitResult) -> tuple[str | None, int]:
    """Host and port of an address."""
    return address.hostname, address.port or (443 if address.scheme == "https" else 80)


def _upgraded(url: str, base_url: str) -> str:
    """The URL with https where the base URL has it: servers behind a proxy often link to http."""
    here, base = urlsplit(url), urlsplit(base_url)
    is_same = here.hostname == base.hostname and (here.port or 80) in (80, base.port or 443)
    if base.scheme == "https" and here.scheme == "http" and is_same:
        return urlunsplit(("https", base.netloc, here.path, here.query, here.fragment))
    return url
