"""A bucket of S3, or of any store that speaks its protocol.

dlt resolves the credentials; botocore, on which s3fs and boto3 are built, makes the requests.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.session  # type: ignore[import-untyped]  # it ships no types
from botocore import exceptions as boto
from botocore.config import Config  # type: ignore[import-untyped]  # it ships no types
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # it ships no types
from botocore.utils import parse_timestamp  # type: ignore[import-untyped]  # it ships no types
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import AwsCredentials

from base.errors import BranchlineError
from base.quiet import hush_dlt
from base.stores.addresses import without_secret
from base.stores.faults import CONNECT_TIMEOUT, READ_TIMEOUT, Fault
from base.words import as_sentence

# They write addresses and headers into their debug logs.
for _name in ("botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)

DEFAULT_REGION = "us-east-1"
AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
SETUP_ERRORS = (boto.BotoCoreError, ValueError)
"""What connecting raises for wrong settings, besides BranchlineError; `fault` translates it."""

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


class Bucket:
    """A bucket, or what lies below a prefix of it; `connect` before using `client`."""

    def __init__(self, address: str, what: str, sections: Sequence[str], rights: str) -> None:
        """`what`: the place for messages, "the inbox s3://bucket". `sections`: where dlt looks for
        the credentials. `rights`: what the credentials have to allow, for a message.

        Raises BranchlineError if the address names no bucket.
        """
        self.name, _, prefix = address.partition("://")[2].partition("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.client: Any = None
        self._what = what
        self._sections = tuple(sections)
        self._rights = rights
        own = "__".join([*sections, "credentials"]).upper()
        self._how = (
            f"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or {own}__AWS_ACCESS_KEY_ID and"
            " ..._AWS_SECRET_ACCESS_KEY, or .dlt/secrets.toml), and AWS_ENDPOINT_URL for a store"
            " that is not Amazon's"
        )
        if not self.name:
            raise BranchlineError(
                f"{as_sentence(what)} has no bucket name.", "Write it as s3://bucket/folder."
            )

    def connect(
        self, connect_timeout: float = CONNECT_TIMEOUT, read_timeout: float = READ_TIMEOUT
    ) -> None:
        """Find the credentials and make the client; no request is made. Timeouts in seconds.

        Raises BranchlineError if there are no credentials, and SETUP_ERRORS.
        """
        hush_dlt()
        timeouts = {"connect_timeout": connect_timeout, "read_timeout": read_timeout}
        try:
            found = resolve_configuration(AwsCredentials(), sections=self._sections)
        except ConfigurationException:
            raise BranchlineError(
                f"There are no credentials for {self._what}.", f"{as_sentence(self._how)}."
            ) from None
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
            self.client = _client(session, found, by_path, timeouts)
            return
        self.client = _client(session, found, {}, timeouts)
        # An endpoint can also be set in ~/.aws/config.
        host = urlsplit(self.client.meta.endpoint_url).hostname or ""
        if not host.endswith(AMAZON):
            self.client = _client(session, found, by_path, timeouts)

    @property
    def endpoint(self) -> str:
        """The address of the store, as `http://host:port`; empty where it is not known."""
        if self.client is None:
            return ""
        url = urlsplit(without_secret(self.client.meta.endpoint_url) or "")
        return f"{url.scheme}://{url.netloc}" if url.netloc else ""

    def fault(self, error: Exception) -> Fault:
        """Translate an error of the client, or an error response of the store."""
        if isinstance(error, boto.ClientError):
            return self._refused(error)
        at = self._at()
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
            return Fault("its credentials are incomplete", self._how)
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
        return Fault(f"the client of the store failed ({type(error).__name__})", self._how)

    def _refused(self, error: Any) -> Fault:
        code = error_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PASSING or status == 429 or status >= 500:
            return Fault(
                f"the store is too busy or out of order (it responds {status or code})",
                "try again later",
                temporary=True,
            )
        if code == "NoSuchBucket":
            return Fault(
                f"there is no bucket {self.name}{self._at()}",
                "check its name and the address of the store (AWS_ENDPOINT_URL)",
            )
        if code in _UNKNOWN_KEY:
            return Fault("the store does not know the access key", self._how)
        if code == "SignatureDoesNotMatch":
            return Fault("the secret access key is wrong", self._how)
        if code in _EXPIRED:
            return Fault("the credentials have expired", "get new ones and " + self._how)
        if code == "RequestTimeTooSkewed":
            return Fault("the store says that this machine's clock is wrong", "set the clock")
        if code == "InvalidObjectState":
            return Fault("the file was moved to the store's archive", "have it restored")
        if code in ("NoSuchKey", "404") or status == 404:
            return Fault("the file was deleted before it was read", gone=True)
        if status in (401, 403):
            return Fault("the credentials do not allow it", f"grant them the right {self._rights}")
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
                f"the server{self._at()} is not an S3 store (status {status})",
                "check its address (AWS_ENDPOINT_URL)",
            )
        return Fault(f"the store rejects the request ({code})", self._how)

    def _at(self) -> str:
        return f" at {self.endpoint}" if self.endpoint else ""


def error_code(error: Any) -> str:
    """The code of an error response, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _client(
    session: Any, found: AwsCredentials, settings: dict[str, str], timeouts: dict[str, float]
) -> Any:
    return session.create_client(
        "s3",
        region_name=found.region_name or session.get_config_variable("region") or DEFAULT_REGION,
        endpoint_url=found.endpoint_url,
        config=Config(
            **timeouts,
            retries={"mode": "standard", "total_max_attempts": 1},  # the callers retry themselves
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
