"""A bucket of S3, or what lies below a prefix of it. A store shows an object when it is whole."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path

from botocore import exceptions as boto  # type: ignore[import-untyped]

from base.stores.faults import Fault
from base.stores.s3 import SETUP_ERRORS, Bucket
from publish.places.place import CONNECT_TIMEOUT, PART, READ_TIMEOUT, Place

_RIGHTS = "to write objects and to read them (s3:PutObject, s3:GetObject)"
_TYPES = {".parquet": "application/vnd.apache.parquet", ".csv": "text/csv; charset=utf-8"}


class S3Place(Place):
    """A bucket, or what lies below a prefix of it."""

    def __init__(self, name: str, address: str, shown: str, sections: Sequence[str]) -> None:
        """`shown`: the address for messages. `sections`: where dlt looks for the credentials."""
        super().__init__(name, shown)
        self._bucket = Bucket(address, str(self), sections, _RIGHTS)
        try:
            self._bucket.connect(CONNECT_TIMEOUT, READ_TIMEOUT)
        except SETUP_ERRORS as error:
            raise self._unusable(error) from None

    def _holds(self, local: Path, parts: Sequence[str]) -> bool:
        try:
            found = self._bucket.client.head_object(Bucket=self._bucket.name, Key=self._key(parts))
        except boto.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status in (403, 404):
                # 403: there is none, for who may not list the bucket. Writing says what is wrong.
                return False
            raise
        if found.get("ContentLength") != local.stat().st_size:
            return False
        digest: str | None = found.get("Metadata", {}).get("sha256")
        return digest == _digest(local, "sha256").hex()

    def _write(self, local: Path, parts: Sequence[str]) -> None:
        with local.open("rb") as body:
            answer = self._bucket.client.put_object(
                Bucket=self._bucket.name,
                Key=self._key(parts),
                Body=body,
                ContentMD5=base64.b64encode(_digest(local, "md5")).decode(),
                ContentType=_type_of(local),
                Metadata={"sha256": _digest(local, "sha256").hex()},
            )
        if "ETag" not in answer:
            # A response that was cut off in its header becomes an empty one.
            raise boto.ConnectionClosedError(endpoint_url=self._bucket.endpoint)

    def _fault(self, error: Exception) -> Fault:
        return self._bucket.fault(error)

    def _key(self, parts: Sequence[str]) -> str:
        return self._bucket.prefix + "/".join(parts)


def _digest(path: Path, kind: str) -> bytes:
    # MD5 only finds damage on the way: every store compares it.
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while part := file.read(PART):
            digest.update(part)
    return digest.digest()


def _type_of(path: Path) -> str:
    return (
        _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )
