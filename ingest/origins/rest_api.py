"""Resources of REST APIs as feeds: dlt's REST client reads them, as files of JSON lines.

The result is an InboxFile like any other, so that the loader treats all alike. The records are
sorted by their key and written without loss; so equal records are equal bytes.

An API gives no consistent view of a list in several pages. So a list whose content differs from
what is loaded counts once two readings, one after the other, agree.
"""

from __future__ import annotations

import hashlib
import io
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import IO, Any, TypeVar, cast
from urllib.parse import quote, urlsplit

from base.printing import printable
from base.stores.faults import Fault
from base.words import listed, plural
from ingest.cards import mask_text
from ingest.contract.apis import AFTER, ID, ApiIds, ApiResource
from ingest.contract.connections import key_variable_of, variable_of
from ingest.contract.feeds import Feed
from ingest.contract.file_errors import UnreadableFileError, UnusableFileError
from ingest.formats.archives import unpacked
from ingest.formats.exact_json import MISSING, found_at, written
from ingest.formats.extraction import Extraction, LastExtracted
from ingest.formats.kinds import JSON_LINES
from ingest.origins.connected import ConnectedOrigin, Tell
from ingest.origins.inbox import CHUNK, Bounds, InboxFile
from ingest.origins.kept import Kept, new_buffer, not_buffered
from ingest.origins.moments import before, in_order, present
from ingest.origins.record_store import RecordStore
from ingest.origins.rest_calls import (
    MOST_EMPTY_PAGES,
    NO_CONTENT,
    CallError,
    Calls,
    Pace,
    Page,
    Params,
    UnstableError,
    made_paginator,
    more_than,
    names_another_page,
)
from ingest.raw.ledger import Ledger
from ingest.raw.watermarks import Changes

MOST_READINGS = 4
"""How often a list is read that changes meanwhile."""
MOST_IDS = 10_000_000

CHANGING = "each reading gave other records"
_READ = "read "
"""How the fingerprint begins of what was read; the time follows."""
NO_RECORDS = "the API has no records; what was loaded from it before stays current"

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Resource:
    """What is read for one file."""

    feed: str
    spec: ApiResource
    file: InboxFile
    loaded: str | None
    """The sha256 of the content that was found there last."""


@dataclass(frozen=True)
class _Reading:
    """The records as one reading found them. `is_paged`: they came in several pages."""

    kept: IO[bytes]
    is_paged: bool


class RestApi(ConnectedOrigin):
    """One API. Its errors are UnreadableFileErrors, without its key."""

    without_rows = NO_RECORDS
    replaces_whole = True
    """A file of it is never seen half written: it is buffered until the next one is read."""

    def __init__(
        self, name: str, base_url: str, key: str | None = None, tell: Tell | None = None
    ) -> None:
        self.name = name
        self._base_url = base_url
        self._key = key or None
        self._tell = tell
        self._pace = Pace()
        self._last = LastExtracted()
        self._resources: dict[str, _Resource] = {}
        self._kept: tuple[str, IO[bytes]] | None = None
        self._changes: dict[str, IO[bytes]] = {}
        """What changed in resources with a watermark, by the keys of their files."""
        self._away: str | None = None
        """Why the API could not be reached; then it gets no more calls."""

    # Listing

    def files(self, feed: Feed, ledger: Ledger) -> list[InboxFile]:
        """The file of a feed's resource; it is read when it is opened."""
        spec = feed.api
        assert spec is not None
        self._check_address(spec)
        self._check_same_way(feed, spec, ledger)
        if spec.watermark is not None:
            return self._changed(feed, spec, ledger)
        path, only = spec.whole_path, feed.only_file()
        now = datetime.now(timezone.utc)
        kind = None if spec.gives_a_file else JSON_LINES
        file = InboxFile(
            path,
            path,
            0,
            now,
            fingerprint=_fingerprint(spec, ledger.fingerprint_at(feed.name, path), now),
            settled=True,
            origin=self,
            key=f"{feed.name}/{path}",
            is_state=True,
            logical_file=path if only is None else feed.identify(only).logical_file,
            extraction=Extraction(feed, self._last, kind),
        )
        loaded = ledger.last_content(feed.name, path)
        self._resources[file.key] = _Resource(feed.name, spec, file, loaded)
        if not spec.required and path not in ledger.current_paths(feed.name):
            try:
                self.open(file.key).close()
            except _NotThereError:
                return []
            except UnreadableFileError:
                pass  # reported when the file's turn comes
        return [file]

    def _check_address(self, spec: ApiResource) -> None:
        variable, key_variable = variable_of(self.name), key_variable_of(self.name)
        form = f"the base URL in {variable} must have the form https://api.example.com/v1"
        try:
            parts = urlsplit(self._base_url)
            _ = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UnreadableFileError(f"the base URL of the API {self.name} is not one; {form}")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise UnreadableFileError(
                f"the base URL of the API {self.name} may hold a secret and was not used; {form};"
                f" a key belongs in {key_variable}"
            )
        named = "key_param" if spec.key_param is not None else "key_header"
        if self._key is None and getattr(spec, named) is not None:
            raise UnreadableFileError(
                f"no key is set for the API {self.name}; set {key_variable}, or remove {named} from"
                " the feed"
            )
        if self._key is not None:
            if not self._key.isascii() or not self._key.isprintable():
                raise UnreadableFileError(
                    f"the key in {key_variable} cannot be sent: it has a line break, or a letter"
                    " that no header can hold"
                )
            if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                raise UnreadableFileError(
                    f"the key of the API {self.name} is sent over TLS only; {form}"
                )

    # Reading

    def open(self, key: str) -> io.RawIOBase:
        """The records as JSON lines, read from the API on first use."""
        if key in self._changes:
            return Kept(self._changes[key])
        if self._kept is None or self._kept[0] != key:
            self._discard()
            resource = self._resources[key]
            self._kept = (key, self._asked(lambda: self._settled(resource)))
        return Kept(self._kept[1])

    def fingerprint(self, key: str) -> str | None:
        """Return None: a resource has none."""
        return None

    def close(self) -> None:
        """Discard what was buffered."""
        self._discard()
        for kept in self._changes.values():
            kept.close()
        self._changes.clear()

    def _discard(self) -> None:
        """Discard the buffer of the resource that was read last."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def _asked(self, read: Callable[[], Result]) -> Result:
        """Read a resource. Raises UnreadableFileError."""
        if self._away is not None:
            raise UnreadableFileError(self._away, temporary=True)
        try:
            return read()
        except CallError as error:
            fault = error.fault
            message = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
            if fault.gone:
                self._away = message
            kind = _NotThereError if error.is_not_there else UnreadableFileError
            raise kind(message, temporary=fault.temporary) from None
        except (OSError, sqlite3.Error) as error:
            raise UnreadableFileError(not_buffered("the answers", error)) from None

    def _settled(self, resource: _Resource) -> IO[bytes]:
        """The records, read until they do not change while they are read."""
        last: str | None = None
        reason = CHANGING
        for _ in range(MOST_READINGS):
            try:
                spec = resource.spec
                reading = self._read_file(spec) if spec.gives_a_file else self._read(spec)
            except UnstableError as error:
                last, reason = None, str(error)
                continue
            found = _sha256(reading.kept)
            if not reading.is_paged or found == last or self._is_loaded(resource, reading.kept):
                return reading.kept
            reading.kept.close()
            last = found
        raise self._unstable(reason)

    def _unstable(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"the records of the API {self.name} could not be read as a whole in {MOST_READINGS}"
            f" readings: {reason}; the next load tries again",
            temporary=True,
        )

    def _is_loaded(self, resource: _Resource, kept: IO[bytes]) -> bool:
        """Whether these records are what the ledger has for this path."""
        if resource.loaded is None:
            return False
        self._kept = (resource.file.key, kept)
        # This may not be the content that the file has in the end.
        file = replace(resource.file, fingerprint=f"reading {time.monotonic_ns()}")
        hasher = hashlib.sha256()
        try:
            with file.open() as stream:
                while chunk := stream.read(CHUNK):
                    hasher.update(chunk)
        except UnusableFileError:
            return False
        finally:
            self._kept = None
        return hasher.hexdigest() == resource.loaded

    def _read(self, spec: ApiResource) -> _Reading:
        """One reading. Raises CallError, UnstableError."""
        ids = None if spec.ids is None else self._ids(spec, spec.ids)
        width = _width(spec)
        with closing(RecordStore(width)) as store:
            is_paged, missing = self._collect(spec, ids, store)
            if spec.ids is not None and self._ids(spec, spec.ids) != ids:
                raise UnstableError("the ids that there are changed meanwhile")
            kept = new_buffer()
            try:
                for line in store.lines():
                    kept.write(line)
                for one in missing:
                    text = f"no record: the API answers that it has nothing under the id {one}"
                    kept.write(written(text).encode("utf-8", "backslashreplace") + b"\n")
            except BaseException:
                kept.close()
                raise
        return _Reading(kept, is_paged)

    def _read_file(self, spec: ApiResource) -> _Reading:
        """The answer as it is, but unpacked. Raises CallError."""
        calls = self._calls(spec)
        kept = new_buffer()
        try:
            job = partial(calls.file, spec.path, spec.params)
            for body in calls.gathered([job], self._tell, spec.whole_path):
                raw = cast(io.RawIOBase, io.BytesIO(body))
                with unpacked(raw, f"{spec.whole_path}.csv", len(body)) as stream:
                    while chunk := stream.read(CHUNK):
                        kept.write(chunk)
        except BaseException as error:
            kept.close()
            if isinstance(error, UnusableFileError):
                text = f"the API {self.name} answers with a file that is not read: {error}"
                raise CallError(Fault(text)) from None
            raise
        return _Reading(kept, is_paged=False)

    def _calls(self, spec: ApiResource) -> Calls:
        self._pace.per_second = spec.calls_per_second
        return Calls(self.name, self._base_url, self._key, spec, self._pace)

    # What changed

    def _check_same_way(self, feed: Feed, spec: ApiResource, ledger: Ledger) -> None:
        """Do not load records a second time because the watermark was changed."""
        own = spec.whole_path if spec.watermark is None else spec.changes_folder
        if spec.watermark is not None and ledger.last_reading(feed.name, own) is not None:
            return
        ledger.read_rest_of([feed.name])
        counted = ledger.current_paths(feed.name, with_rows=True)
        other = min((path for path in counted if spec.has_path(path) and path != own), default=None)
        if other is not None:
            folder, is_part, _ = other.rpartition("/by-")
            raise UnreadableFileError(
                f"the loaded records of the API {self.name} were read in another way"
                f" ({mask_text(other)}), and would count twice; restore the feed's old watermark,"
                f" or withdraw them while {variable_of(self.name)} is not set: branchline withdraw"
                f" {mask_text(f'{folder}/' if is_part else other)}"
            )

    def _changed(self, feed: Feed, spec: ApiResource, ledger: Ledger) -> list[InboxFile]:
        """What changed since the last reading, as one file; none if the API says: nothing."""
        folder = spec.changes_folder
        last = ledger.last_reading(feed.name, folder)
        since = before(last.watermark, spec.overlap) if last and last.watermark else None
        asked = spec.model_copy(update={"params": _since(spec.params, since)})
        try:
            found = self._asked(lambda: self._changes_in(asked))
        except _NotThereError:
            if spec.required or last is not None:
                raise
            return []
        if found is None:
            return []
        kept, newest = found
        mark = "" if last is None else last.watermark
        if (in_order(newest) or "") > (in_order(mark) or ""):
            mark = newest
        begin = None if last is None else last.watermark
        name = "first" if begin is None else f"after-{begin or 'nothing'}"
        path = f"{folder}{name}.jsonl"
        key, now = f"{feed.name}/{path}", datetime.now(timezone.utc)
        self._changes[key] = kept
        return [
            InboxFile(
                path,
                path,
                0,
                now,
                fingerprint=f"{_READ}{now.isoformat()}",
                settled=True,
                origin=self,
                key=key,
                logical_file=path,
                bounds=Bounds(begin, mark),
                extraction=Extraction(feed, self._last, JSON_LINES),
                changes=Changes(folder, is_first=last is None),
            )
        ]

    def _changes_in(self, spec: ApiResource) -> tuple[IO[bytes], str] | None:
        """The records as lines, and the newest time of a change that is not in the future, "" if
        there is none; None without records."""
        began = present()
        with closing(self._stable(spec, began)) as store:
            if not store.count():
                return None
            kept, newest = new_buffer(), ""
            try:
                for mark, text, line in store.marked_lines():
                    kept.write(line)
                    # One wrong time in the future would hide all later records.
                    newest = newest if mark > began else text
            except BaseException:
                kept.close()
                raise
        return kept, newest

    def _stable(self, spec: ApiResource, began: str) -> RecordStore:
        """The records, read until a later reading has none that the one before it should have.

        Records that came or changed between the two are newer than all of the first, but for those
        whose time was in the future when the reading began: no watermark reaches them.
        """
        reason = CHANGING
        first: RecordStore | None = None
        try:
            for _ in range(MOST_READINGS):
                store = RecordStore(_width(spec))
                try:
                    is_paged, _ids = self._collect(spec, None, store)
                except BaseException as error:
                    store.close()
                    if not isinstance(error, UnstableError):
                        raise
                    reason = str(error)
                    continue
                if not is_paged:
                    return store
                if first is not None and first.has_all_of(store, first.last(began)):
                    store.close()
                    found, first = first, None
                    return found
                if first is not None:
                    first.close()
                first = store
        finally:
            if first is not None:
                first.close()
        raise self._unstable(reason)

    def _mark(self, value: Any, spec: ApiResource) -> str:
        """A time of change as a text that sorts by time. Raises CallError."""
        ordered = in_order(value) if type(value) is str else None
        if ordered is None:
            raise CallError(
                Fault(
                    f"{spec.watermark} of a record of the API {self.name} is not a time such as"
                    " 2024-01-31T08:00:00Z",
                    "name the time of the last change of a record in watermark",
                )
            )
        return ordered

    # Ids

    def _ids(self, spec: ApiResource, ids: ApiIds) -> list[Any]:
        """The ids there are now, each once."""
        if ids.path is None:
            return list(ids.values)
        path = ids.path
        calls = self._calls(spec.model_copy(update={"concurrency": 1}))
        paginator = made_paginator(self.name, ids.pages or "auto")
        found: list[Any] = []

        def read() -> Iterator[Any]:
            for answer in calls.pages(path, {}, paginator, None, lambda _: None):
                yield [] if answer.status_code == NO_CONTENT else answer.json()

        for tree in calls.gathered([read], self._tell, f"{spec.whole_path}, its ids"):
            found += self._ids_in(ids, tree)
        return list(dict.fromkeys(found))

    def _ids_in(self, ids: ApiIds, tree: Any) -> list[Any]:
        value = _each_at(tree, ids.field)
        # A Number is a str, too; some servers write the count as a text.
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
            count = int(value)
            if count <= MOST_IDS:
                return list(range(ids.first, ids.first + count))
        elif isinstance(value, list) and all(isinstance(name, str) for name in value):
            return value
        at = f"{ids.field} of " if ids.field else ""
        raise CallError(
            Fault(
                f"{at}the answer about the ids of the API {self.name} is neither a count nor a"
                f" list of ids{_names_in(tree)}",
                "set field in ids to the dotted path of it",
            )
        )

    # Records

    def _collect(
        self, spec: ApiResource, ids: list[Any] | None, store: RecordStore
    ) -> tuple[bool, list[Any]]:
        """Put all records into the store.

        Returns whether they came in several pages, and the ids without a record.
        """
        calls = self._calls(spec)
        default = "auto" if ids is None else "single_page"
        paginator = made_paginator(self.name, spec.pages or default)
        total = _Total(paginator)
        jobs: Iterator[Callable[[], Iterator[Page]]]
        if ids is None:
            jobs = iter(
                [partial(self._pages, calls, paginator, spec.path, spec.params, None, total)]
            )
        else:
            jobs = (partial(self._pages_of_id, calls, paginator, one) for one in ids)
        is_paged = False
        missing: list[Any] = []
        places: dict[Any, int] = {}
        for page in calls.gathered(jobs, self._tell, spec.whole_path):
            is_paged = is_paged or page.is_paged
            if page.is_missing:
                missing.append(page.of)
            for record in page.records:
                places[page.of] = place = places.get(page.of, -1) + 1
                key = self._key_of(spec, record, page.of, place)
                if not store.add(key, record):
                    raise UnstableError(
                        f"two records have the {_named_key(spec)} and differ"
                        " (or it does not identify them: check key)"
                    )
        if missing:
            self._check_missing(spec, ids or [], missing)
        elif ids is not None and len(ids) > 1 and store.count() > 1 and store.are_all_equal():
            raise CallError(
                Fault(
                    f"the API {self.name} gives the same record for all {len(ids):,} ids",
                    f"check where {ID} is in path or params",
                )
            )
        if total.promised is not None and store.count() < total.promised and is_paged:
            raise UnstableError(
                f"the API promises {total.promised:,} records, and its pages have"
                f" {store.count():,} different ones"
            )
        return is_paged, sorted(missing, key=str)

    def _key_of(self, spec: ApiResource, record: Any, of: Any, place: int) -> list[Any]:
        if not spec.key:
            return [of, place]
        paths = spec.key if spec.watermark is None else [spec.watermark, *spec.key]
        key = [found_at(record, path) for path in paths]
        for path, part in zip(paths, key, strict=True):
            if part is MISSING or part is None:
                what = "the feed's watermark" if path == spec.watermark else "in the feed's key"
                raise CallError(
                    Fault(
                        f"a record of the API {self.name} has no {path}, which is"
                        f" {what}{_names_in(record)}",
                        "list in key what identifies a record, and set records to the path of the"
                        " list in an answer",
                    )
                )
        return key if spec.watermark is None else [self._mark(key[0], spec), *key]

    def _check_missing(self, spec: ApiResource, ids: list[Any], missing: list[Any]) -> None:
        """Fail, unless the feed has the loader reject a line for each id without a record."""
        assert spec.ids is not None
        if spec.ids.missing == "fail" or len(missing) == len(ids):
            shown = listed([printable(mask_text(str(one))) for one in sorted(missing, key=str)])
            are_named = isinstance(ids[0], str)
            who = "the feed" if spec.ids.values else "it"
            raise CallError(
                Fault(
                    f"the API {self.name} has nothing under {plural(len(missing), 'id')} of"
                    f" {len(ids):,} ({shown}), although {who} lists them",
                    f"check {'path' if are_named else 'first in ids, and path'}; if these were"
                    " deleted there, set missing: reject in ids, and their lines are rejected while"
                    " the others are loaded",
                )
            )

    def _path_of(self, spec: ApiResource, one: Any) -> str:
        """The path of the call for an id. Raises CallError for one that leads to another path."""
        if ID not in spec.path:
            return spec.path
        try:
            name = quote(str(one), safe="")
        except UnicodeEncodeError:
            name = ""
        path = spec.path.replace(ID, name)
        # Clients and servers take these steps out of a path, however they are written.
        steps = {".", ".."} & set(path.split("/"))
        if not name or steps:
            raise CallError(
                Fault(
                    f"the API {self.name} lists the id '{printable(mask_text(str(one)))}', which"
                    " would call another path",
                    f"have it removed there, or send the id in params ({ID})",
                )
            )
        return path

    def _pages_of_id(self, calls: Calls, paginator: Any, one: Any) -> Iterator[Page]:
        spec = calls.spec
        params: Mapping[str, str | list[str]] = {
            param: [text.replace(ID, str(one)) for text in value]
            if isinstance(value, list)
            else value.replace(ID, str(one))
            for param, value in spec.params.items()
        }
        try:
            yield from self._pages(calls, paginator, self._path_of(spec, one), params, one)
        except CallError as error:
            if not error.is_not_there:
                raise
            yield Page(one, [], is_missing=True)

    def _pages(
        self,
        calls: Calls,
        paginator: Any,
        path: str,
        params: Params,
        of: Any,
        total: _Total | None = None,
    ) -> Iterator[Page]:
        """The pages of one list, or the one record of an id."""
        records = calls.spec.records
        contents: dict[bytes, int] = {}
        sizes: list[int] = []
        empty = 0

        def check(tree: Any) -> None:
            self._records_in(tree, records, of)

        first = None
        answers = calls.pages(path, params, paginator, records, check)
        for number, answer in enumerate(answers, 1):
            tree = answer.json()
            if total is not None:
                total.note(tree)
            if tree is None and of is not None and number == 1:
                yield Page(of, [], is_missing=True)
                return
            found = self._records_in(tree, records, of)
            if number == 1 and calls.spec.pages is None and of is not None:
                self._refuse_more(answer)
            first = first or answer
            if found:
                empty = 0
                sizes.append(len(found))
                content = hashlib.sha256(
                    "\n".join(map(written, found)).encode("utf-8", "backslashreplace")
                ).digest()
                if content in contents:
                    raise UnstableError(
                        f"page {number} has the same records as page {contents[content]} (if it"
                        " always does, the API does not know the parameter of the page: check"
                        " pages)"
                    )
                contents[content] = number
            else:
                empty += 1
                if empty > MOST_EMPTY_PAGES:
                    raise CallError(
                        Fault(f"the API {self.name} goes on and on with empty pages", "check pages")
                    )
            yield Page(of, found, is_paged=number > 1)
        self._check_sizes(paginator, sizes)
        if first is not None and number == 1 and of is None and paginator is None:
            self._refuse_rest(first, sum(sizes))

    def _check_sizes(self, paginator: Any, sizes: list[int]) -> None:
        """Check that a page holds as many records as the next one begins behind it."""
        limit = paginator.limit if type(paginator).__name__ == "OffsetPaginator" else 0
        if len(sizes) > 1 and max(sizes) < limit:
            raise CallError(
                Fault(
                    f"no page of the API {self.name} has as many records as its limit ({limit:,}),"
                    f" but at most {max(sizes):,}: the records between two pages are not read",
                    f"set limit in pages to {max(sizes)}",
                )
            )

    def _refuse_rest(self, answer: Any, count: int) -> None:
        """Refuse a list of one page, found by `auto`, where its answer speaks of more records."""
        said = more_than(answer, count)
        if said:
            raise CallError(
                Fault(
                    f"the API {self.name} has more records than one page ({printable(said)})",
                    "set pages, or pages: single_page if these are all",
                )
            )

    def _refuse_more(self, answer: Any) -> None:
        if names_another_page(answer):
            raise CallError(
                Fault(
                    f"an answer of the API {self.name} links to a next page",
                    "set pages, such as pages: header_link",
                )
            )

    def _records_in(self, tree: Any, records: str | None, of: Any) -> list[Any]:
        """The records of an answer. With ids, an answer may also be one record."""
        if tree is None:
            return []
        value = found_at(tree, records)
        if isinstance(value, list):
            return value
        if value is None:
            return []
        if isinstance(value, dict) and of is not None:
            return [value]
        at = f"{records} of an answer" if records else "an answer"
        if value is MISSING:
            what = f"an answer of the API {self.name} has no {records}"
        else:
            kind = "an object" if isinstance(value, dict) else "a single value"
            what = f"{at} of the API {self.name} is {kind} instead of a list of records"
        raise CallError(
            Fault(
                f"{what}{_names_in(value if isinstance(value, dict) else tree)}",
                "set records to the dotted path of the list",
            )
        )


class _NotThereError(UnreadableFileError):
    """The server says that there is no such resource."""


class _Total:
    """The number of records that the answers promise, where dlt's paginator counts records."""

    def __init__(self, paginator: Any) -> None:
        counts = type(paginator).__name__ == "OffsetPaginator" and paginator.maximum_value is None
        self._path = paginator.total_path if counts else None
        self.promised: int | None = None

    def note(self, tree: Any) -> None:
        """Keep the total of the latest answer."""
        if self._path is None:
            return
        found = [match.value for match in self._path.find(tree)]
        if found and str(found[0]).isdecimal():
            self.promised = int(found[0])


def _width(spec: ApiResource) -> int:
    """How many values identify a record: with a watermark, its time twice, in order and as text."""
    return (len(spec.key) or 2) + (0 if spec.watermark is None else 2)


def _since(params: Mapping[str, str | list[str]], since: str | None) -> dict[str, str | list[str]]:
    """The parameters of a call for what changed since a moment; for all without one."""
    if since is None:
        return {name: value for name, value in params.items() if AFTER not in str(value)}
    return {
        name: value.replace(AFTER, since)
        if isinstance(value, str)
        else [one.replace(AFTER, since) for one in value]
        for name, value in params.items()
    }


def _fingerprint(spec: ApiResource, last: str | None, now: datetime) -> str:
    """When a resource is read: it has no fingerprint of its own, and its content decides.

    The one of the last time, by which its content is known, while it need not be read again.
    """
    if spec.every is not None and last is not None and last.startswith(_READ):
        with suppress(ValueError):
            age = now - datetime.fromisoformat(last.removeprefix(_READ))
            if timedelta() <= age < spec.every:
                return last
    return f"{_READ}{now.isoformat()}"


def _sha256(kept: IO[bytes]) -> str:
    hasher = hashlib.sha256()
    kept.seek(0)
    while chunk := kept.read(CHUNK):
        hasher.update(chunk)
    return hasher.hexdigest()


def _each_at(value: Any, path: str | None) -> Any:
    """What is at a dotted path; where a list is on the way, what is there in each of it."""
    names = path.split(".") if path else []
    for place, name in enumerate(names):
        if isinstance(value, list):
            rest = ".".join(names[place:])
            return [_each_at(item, rest) for item in value]
        value = found_at(value, name)
    return value


def _named_key(spec: ApiResource) -> str:
    return f"same {' and '.join(spec.key)}" if spec.key else "same id"


def _names_in(value: Any) -> str:
    """The names in an object, for a message: its values are not shown."""
    if not isinstance(value, dict) or not value:
        return ""
    names = [printable(mask_text(name[:40])) for name in list(value)[:12]]
    return f"; it has {', '.join(names)}"
