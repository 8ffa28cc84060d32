"""An inbox in a bucket of S3 or of any store that speaks its protocol.

dlt resolves the credentials; botocore, on which s3fs and boto3 are built, makes the requests.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.session  # type: ignore[import-untyped]
from botocore import exceptions as boto
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from botocore.utils import parse_timestamp  # type: ignore[import-untyped]
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import AwsCredentials

from base.errors import BranchlineError
from ingest.contract.file_errors import UnreadableFileError
from ingest.origins.inbox_address import without_secret
from ingest.origins.origin import Entry, Fault
from ingest.origins.remote import CONNECT_TIMEOUT, READ_TIMEOUT, RemoteFile, RemoteOrigin
from ingest.raw.quiet import hush_dlt

# They write addresses and headers into their debug logs.
for _name in ("botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)

PAGE = 1000
DEFAULT_REGION = "us-east-1"
AMAZON = (".amazonaws.com", ".amazonaws.com.cn")

_HOW = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or"
    " SOURCES__FILESYSTEM__CREDENTIALS__AWS_ACCESS_KEY_ID and ..._AWS_SECRET_ACCESS_KEY, or"
    " .dlt/secrets.toml), and AWS_ENDPOINT_URL for a store that is not Amazon's"
)
_PASSING = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "RequestLimitExceeded",
    "RequestTimeout",
    "InternalError",
    "ServiceUnavailable",
    "OperationAborted",
    "BandwidthLimitExceeded",
}
_UNKNOWN_KEY = {"InvalidAccessKeyId", "InvalidClientTokenId", "AuthFailure", "UnknownAccessKey"}
_EXPIRED = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired"}
_CONNECTION_ERRORS = (
    boto.HTTPClientError,  # timeouts, cut and refused connections, answers cut short
    boto.IncompleteReadError,
    boto.ResponseStreamingError,
    OSError,
)


class S3Origin(RemoteOrigin):
    """A bucket, or what lies below a prefix of it."""

    replaces_whole = True

    def __init__(self, inbox: str) -> None:
        super().__init__(inbox)
        self._bucket, _, prefix = inbox.partition("://")[2].partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        if not self._bucket:
            raise BranchlineError(
                f"The inbox {self.address} has no bucket name.", "Write it as s3://bucket/folder."
            )
        self._client = self._connect()

    def _connect(self) -> Any:
        hush_dlt()
        try:
            found = resolve_configuration(AwsCredentials(), sections=("sources", "filesystem"))
            session = botocore.session.Session(profile=found.profile_name)
            session.get_component("response_parser_factory").set_parser_defaults(
                timestamp_parser=_parse_time
            )
            if not found.has_default_credentials():
                session.set_credentials(
                    found.aws_access_key_id, found.aws_secret_access_key, found.aws_session_token
                )
            # Few stores except Amazon's have a host name for every bucket.
            by_path = {"addressing_style": "path", **(session.get_config_variable("s3") or {})}
            if found.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"):
                return _client(session, found, by_path)
            client = _client(session, found, {})
            # An endpoint can also be set in ~/.aws/config.
            host = urlsplit(client.meta.endpoint_url).hostname or ""
            return client if host.endswith(AMAZON) else _client(session, found, by_path)
        except ConfigurationException:
            raise BranchlineError(
                f"There are no credentials for the inbox {self.address}.", f"{_sentence(_HOW)}."
            ) from None
        except (boto.BotoCoreError, ValueError) as error:
            raise self.refusal(error) from None

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
                        key[len(self._prefix) :],
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
            Bucket=self._bucket, Prefix=self._prefix, MaxKeys=PAGE, **further
        )
        if "IsTruncated" not in page:
            # A response that was cut off in its header becomes an empty one.
            raise boto.ConnectionClosedError(endpoint_url=self._endpoint())
        return page

    def open_at(self, key: str, position: int, first: object | None) -> RemoteFile:
        """Request the object from a byte on."""
        asked: dict[str, str] = {}
        if position:
            asked["Range"] = f"bytes={position}-"
        if isinstance(first, str) and first:
            asked["IfMatch"] = first
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **asked)
        except boto.ClientError as error:
            if position and _code(error) in ("InvalidRange", "416"):
                return _S3File(None, str(first), position)
            if _code(error) in ("PreconditionFailed", "412"):
                raise UnreadableFileError(
                    "the file was replaced while it was being read; the next load reads it",
                    temporary=True,
                ) from None
            raise
        if "ContentLength" not in answer:
            answer["Body"].close()
            raise boto.ConnectionClosedError(endpoint_url=self._endpoint())
        if position and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            answer["Body"].close()
            raise UnreadableFileError("the store cannot return a part of a file", temporary=True)
        return _S3File(answer["Body"], answer.get("ETag", ""), position + answer["ContentLength"])

    def fingerprint(self, key: str) -> str | None:
        """Request the object's size and ETag."""

        def ask() -> str | None:
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=key)
            except boto.ClientError as error:
                if self.fault(error).gone:
                    return None
                raise
            if "ContentLength" not in found:
                raise boto.ConnectionClosedError(endpoint_url=self._endpoint())
            return _fingerprint(found["ContentLength"], found.get("ETag"))

        return self.for_a_file(key, ask)

    def fault(self, error: Exception) -> Fault:
        """Translate an error response of the store, or none."""
        if isinstance(error, boto.ClientError):
            return self._refused(error)
        at = self._endpoint()
        if isinstance(error, boto.SSLError):
            return Fault(
                f"the certificate of the store{at} is not trusted",
                "set AWS_CA_BUNDLE to the certificate file of the authority that signed it",
            )
        if isinstance(error, (boto.ConnectTimeoutError, boto.ReadTimeoutError)):
            return Fault(
                f"the store{at} does not answer in time",
                "check its address (AWS_ENDPOINT_URL), the network and the store",
                temporary=True,
            )
        if isinstance(error, (boto.EndpointConnectionError, boto.ProxyConnectionError)):
            return Fault(
                f"there is no connection to the store{at}",
                "check its address (AWS_ENDPOINT_URL), the network and the store",
                temporary=True,
            )
        if isinstance(error, _CONNECTION_ERRORS):
            return Fault(
                f"the connection to the store{at} broke off",
                "check the network and the store",
                temporary=True,
            )
        if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
            return Fault("its credentials are incomplete", _HOW)
        if isinstance(error, boto.ProfileNotFound):
            return Fault("the AWS profile does not exist", "check AWS_PROFILE")
        if isinstance(error, boto.ParamValidationError):
            return Fault("its address is not a bucket's", "write it as s3://bucket/folder")
        if isinstance(error, ValueError):
            return Fault(
                "the address of its store is not a server's",
                "write AWS_ENDPOINT_URL as https://host:port",
            )
        if isinstance(error, ResponseParserError):
            return Fault(
                f"the response{at} is broken, or not from an S3 store",
                "check its address (AWS_ENDPOINT_URL)",
                temporary=True,
            )
        return Fault(f"the client of the store failed ({type(error).__name__})", _HOW)

    def _refused(self, error: Any) -> Fault:
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PASSING or status == 429 or status >= 500:
            return Fault(
                f"the store is too busy or out of order (it responds {status or code})",
                "try again later",
                temporary=True,
            )
        if code == "NoSuchBucket":
            return Fault(
                f"there is no bucket {self._bucket}{self._endpoint()}",
                "check its name and the address of the store (AWS_ENDPOINT_URL)",
            )
        if code in _UNKNOWN_KEY:
            return Fault("the store does not know the access key", _HOW)
        if code == "SignatureDoesNotMatch":
            return Fault("the secret access key is wrong", _HOW)
        if code in _EXPIRED:
            return Fault("the credentials have expired", "get new ones and " + _HOW)
        if code == "RequestTimeTooSkewed":
            return Fault("the store says that this machine's clock is wrong", "set the clock")
        if code == "InvalidObjectState":
            return Fault("the file was moved to the store's archive", "have it restored")
        if code in ("NoSuchKey", "404") or status == 404:
            return Fault("the file was deleted before it was read", gone=True)
        if status in (401, 403):
            return Fault(
                "the credentials do not allow it",
                "grant them the right to list the bucket and to read its objects"
                " (s3:ListBucket, s3:GetObject)",
            )
        if status in (301, 307, 400) and code in (
            "PermanentRedirect",
            "TemporaryRedirect",
            "AuthorizationHeaderMalformed",
            "301",
            "IllegalLocationConstraintException",
        ):
            return Fault("the bucket is in another region", "set AWS_DEFAULT_REGION to it")
        if not error.response.get("Error", {}).get("Code") or code.isdigit():
            return Fault(
                f"the server{self._endpoint()} is not an S3 store (status {status})",
                "check its address (AWS_ENDPOINT_URL)",
            )
        return Fault(f"the store rejects the request ({code})", _HOW)

    def _endpoint(self) -> str:
        client = getattr(self, "_client", None)
        if client is None:
            return ""
        url = urlsplit(without_secret(client.meta.endpoint_url) or "")
        return f" at {url.scheme}://{url.netloc}" if url.netloc else ""


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


def _client(session: Any, found: AwsCredentials, settings: dict[str, str]) -> Any:
    return session.create_client(
        "s3",
        region_name=found.region_name or session.get_config_variable("region") or DEFAULT_REGION,
        endpoint_url=found.endpoint_url,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": 1},  # the origin retries by itself
            # Other stores support only the older checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3=settings,
        ),
    )


def _parse_time(text: Any) -> datetime:
    """Parse a time of a store. The usual form is parsed here: the client's parser is ten times
    slower and takes most of the time of a long listing."""
    if isinstance(text, str) and text.endswith("Z") and len(text) in (20, 24):
        try:
            return datetime.fromisoformat(f"{text[:19]}+00:00")
        except ValueError:
            pass
    parsed: datetime = parse_timestamp(text)
    return parsed


def _fingerprint(size: int, etag: str | None) -> str:
    return f"{size}:{(etag or '').strip(chr(34))}"


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
