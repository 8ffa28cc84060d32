"""An inbox in a bucket of S3 or of any store that speaks its protocol (base/stores/s3.py)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore import exceptions as boto  # type: ignore[import-untyped]

from base.stores.faults import Fault
from base.stores.s3 import SETUP_ERRORS, Bucket, error_code
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins.origin import Entry
from ingest.origins.remote import (
    CONNECT_TIMEOUT,
    CREDENTIALS,
    READ_TIMEOUT,
    RemoteFile,
    RemoteOrigin,
)

PAGE = 1000
_RIGHTS = "to list the bucket and to read its objects (s3:ListBucket, s3:GetObject)"


class S3Origin(RemoteOrigin):
    """A bucket, or what lies below a prefix of it."""

    replaces_whole = True

    def __init__(self, inbox: str) -> None:
        super().__init__(inbox)
        self._bucket = Bucket(inbox, f"the inbox {self.address}", CREDENTIALS, _RIGHTS)
        try:
            self._bucket.connect(CONNECT_TIMEOUT, READ_TIMEOUT)
        except SETUP_ERRORS as error:
            raise self.refusal(error) from None
        self._client = self._bucket.client

    def entries(self) -> Iterator[Entry]:
        """Every object below the prefix, except the folder markers of some tools."""
        further: dict[str, str] = {}
        while True:
            try:
                page = self.patiently(lambda further=further: self._page(further))  # type: ignore[misc]
            except Exception as error:
                raise self.refusal(error) from None
            for item in page.get("Contents", ()):
                key = item["Key"]
                if not key.endswith("/"):
                    yield Entry(
                        key,
                        key[len(self._bucket.prefix) :],
                        item["Size"],
                        item["LastModified"].timestamp(),
                        _fingerprint(item["Size"], item.get("ETag")),
                        # An object is never half written, and its ETag depends on its content.
                        bool(item.get("ETag")),
                    )
            if not page.get("IsTruncated") or not page.get("NextContinuationToken"):
                return
            further = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, further: dict[str, str]) -> dict[str, Any]:
        page: dict[str, Any] = self._client.list_objects_v2(
            Bucket=self._bucket.name, Prefix=self._bucket.prefix, MaxKeys=PAGE, **further
        )
        if "IsTruncated" not in page:
            # A response that was cut off in its header becomes an empty one.
            raise boto.ConnectionClosedError(endpoint_url=self._bucket.endpoint)
        return page

    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Request the object from a byte on."""
        asked: dict[str, str] = {}
        if position:
            asked["Range"] = f"bytes={position}-"
        if isinstance(first, str) and first:
            asked["IfMatch"] = first
        try:
            answer = self._client.get_object(Bucket=self._bucket.name, Key=key, **asked)
        except boto.ClientError as error:
            if position and error_code(error) in ("InvalidRange", "416"):
                return _S3File(None, str(first), position)
            if error_code(error) in ("PreconditionFailed", "412"):
                raise UnreadableFileError(
                    "the file was replaced while it was being read; the next load reads it",
                    temporary=True,
                ) from None
            raise
        if "ContentLength" not in answer:
            answer["Body"].close()
            raise boto.ConnectionClosedError(endpoint_url=self._bucket.endpoint)
        if position and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            answer["Body"].close()
            raise UnreadableFileError("the store cannot return a part of a file", temporary=True)
        return _S3File(answer["Body"], answer.get("ETag", ""), position + answer["ContentLength"])

    def fingerprint(self, key: str) -> str | None:
        """Request the object's size and ETag."""

        def ask() -> str | None:
            try:
                found = self._client.head_object(Bucket=self._bucket.name, Key=key)
            except boto.ClientError as error:
                if self.fault(error).gone:
                    return None
                raise
            if "ContentLength" not in found:
                raise boto.ConnectionClosedError(endpoint_url=self._bucket.endpoint)
            return _fingerprint(found["ContentLength"], found.get("ETag"))

        return self.for_a_file(key, ask)

    def fault(self, error: Exception) -> Fault:
        """Translate an error response of the store, or none."""
        return self._bucket.fault(error)


class _S3File(RemoteFile):
    """The response to one request for an object."""

    def __init__(self, body: Any, state: str, size: int) -> None:
        self.state = state
        self.size = size
        self._body = body

    def read(self, size: int) -> bytes:
        if self._body is None:
            return b""
        data: bytes = self._body.read(size)
        return data

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self._body is not None:
                self._body.close()


def _fingerprint(size: int, etag: str | None) -> str:
    return f"{size}:{(etag or '').strip(chr(34))}"
