"""Who gets messages: the addresses of an audience, from the environment.

BRANCHLINE_NOTIFY_<AUDIENCE> has Apprise's URLs separated by white space, or JSON with the URLs of
each branch. They hold secrets: no URL, and nothing that Apprise says about one, is shown.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from base.printing import shown
from publish.messages import chat, mail
from publish.messages.mail import Mailbox
from publish.messages.silence import silenced

if TYPE_CHECKING:
    from apprise import NotifyBase

VARIABLE = "BRANCHLINE_NOTIFY_{}"
EVERY_BRANCH = "*"
NAMED_BY_HOST = ("json", "xml", "form")
"""Services whose host is a host. Elsewhere it is often a token."""
RECIPIENT_LISTS = ("targets", "channels")
LONGEST_NAME = 60
_AS_SPACES = dict.fromkeys(map(ord, "-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), " ")
"""Hyphens and underscores."""


@dataclass(frozen=True)
class Target:
    """One recipient.

    `key`: the same for the same recipient, whatever the password. `shown`: for people, without any
    secret. `server`: what fails for all targets that share it. `way`: how to get there.
    """

    key: str
    shown: str
    server: str
    way: Mailbox | NotifyBase = field(repr=False, compare=False)


@dataclass(frozen=True)
class _Entry:
    """One URL of a variable. `branch`: whose it is; "" in a list for all."""

    branch: str
    number: int
    url: str = field(repr=False)

    def place(self, variable: str) -> str:
        of = f" of {_shown_name(self.branch)}" if self.branch else ""
        return f"Address {self.number}{of} in {variable}"


def variable_of(audience: str) -> str:
    """The variable of the environment with the addresses of an audience."""
    return VARIABLE.format(audience.upper())


def targets(environ: Mapping[str, str], audience: str, names: Collection[str] = ()) -> list[Target]:
    """The recipients of an audience, each once; addresses that cannot be read are left out.

    `names`: those of the branch that a message is about, for the JSON form, as `own_names` gives
    them; empty for the company.
    """
    wanted = {_same(name) for name in names} | {"", EVERY_BRANCH}
    found: dict[str, Target] = {}
    for entry in _entries(environ, audience)[0]:
        if _same(entry.branch) in wanted:
            for target in _read(entry.url)[0]:
                found.setdefault(target.key, target)
    return list(found.values())


def problems(
    environ: Mapping[str, str], audience: str, names: Collection[str] | None = None
) -> list[str]:
    """What is wrong with an audience's addresses, in sentences without any secret.

    `names`: those of each branch, also if several have one; None for an audience of the company.
    """
    variable = variable_of(audience)
    entries, found = _entries(environ, audience)
    for entry in entries:
        for problem in _read(entry.url)[1]:
            found.append(f"{entry.place(variable)}: {problem}.")
    if names is not None:
        known = Counter(_same(name) for name in names)
        branches = dict.fromkeys(entry.branch for entry in entries)
        for branch in [one for one in branches if _same(one) not in ("", EVERY_BRANCH)]:
            has = f"{variable} has addresses for {_shown_name(branch)}, which"
            if not known[_same(branch)]:
                found.append(f"{has} is not a branch.")
            elif known[_same(branch)] > 1:
                found.append(
                    f"{has} is the name of several branches, so nothing is sent to them. Write the"
                    " source before the name: SOURCE/NAME."
                )
    return found


def own_names(branches: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Of the names of each branch those that no other one has: only they find addresses, so that
    none gets what is about another branch.
    """
    counts = Counter(_same(name) for names in branches.values() for name in names)
    return {
        key: tuple(name for name in names if counts[_same(name)] == 1)
        for key, names in branches.items()
    }


def has_addresses(environ: Mapping[str, str], audience: str) -> bool:
    """Whether an audience has any address, also one that cannot be read."""
    return bool(_entries(environ, audience)[0])


def without_files(environ: Mapping[str, str], audience: str) -> list[str]:
    """The recipients of an audience, as they are shown, that can only have a text and a link."""
    found = [target for entry in _entries(environ, audience)[0] for target in _read(entry.url)[0]]
    return list(
        dict.fromkeys(
            target.shown
            for target in found
            if not isinstance(target.way, Mailbox) and not chat.takes_files(target.way)
        )
    )


def _entries(environ: Mapping[str, str], audience: str) -> tuple[list[_Entry], list[str]]:
    """The URLs of the audience's variable in their order, and what is wrong with its form."""
    variable = variable_of(audience)
    text = environ.get(variable, "").strip()
    if not text.startswith("{"):
        return [_Entry("", number, url) for number, url in enumerate(text.split(), 1)], []
    form = '{"Branch name": ["address", ...], "*": ["address", ...]}'
    try:
        given = json.loads(text)
    except ValueError:
        return [], [f"{variable} begins like JSON, and is not. Its form is {form}."]
    entries = []
    for branch, urls in given.items():
        listed = urls.split() if isinstance(urls, str) else urls
        if not isinstance(listed, list) or not all(isinstance(url, str) for url in listed):
            return [], [f"{variable} does not have the form {form}."]
        entries += [_Entry(branch, number, url) for number, url in enumerate(listed, 1)]
    return entries, []


def _same(name: str) -> str:
    """A branch's name for comparison: case, spacing and hyphens do not matter, as in the seeds
    (macros/sql/parsing/normalize_branch_name.sql).
    """
    return " ".join(name.casefold().translate(_AS_SPACES).split())


def _shown_name(name: str) -> str:
    # Somebody may have put the address where the name belongs.
    return "a name that is an address" if "://" in name else shown(name, LONGEST_NAME)


def _read(url: str) -> tuple[list[Target], list[str]]:
    """The recipients of one URL, and what is wrong with it."""
    from apprise import Apprise
    from apprise.plugins.email.base import NotifyEmail

    with silenced() as said:
        try:
            service = Apprise.instantiate(url, asset=chat.asset())
        except Exception:
            # A service's code raises what it likes, and the text may hold the address.
            service = None
    if service is None:
        return [], ["Apprise does not know or accept it"]
    wrong = ["a part of it is not valid, and gets nothing"] if said else []
    if not isinstance(service, NotifyEmail):
        return list(_chats(service)), wrong
    if service.pgp_mode != "no":
        return [], ["it asks for PGP, which is not supported"]
    try:
        boxes = mail.mailboxes(service)
    except Exception:
        # The parser of mail addresses raises several errors, whose texts hold the address.
        return [], ["the sender or a recipient is not a mail address"]
    return [_by_mail(box) for box in boxes], wrong


def _by_mail(box: Mailbox) -> Target:
    address = box.recipient.addr_spec
    key = _hash("mail", address.lower())
    masked = f"{address[:1]}***@{box.recipient.domain}"
    return Target(key, f"{shown(masked)} ({key[:6]})", f"mail {box.server.name}", box)


def _chats(service: NotifyBase) -> Iterator[Target]:
    """A target for each recipient of a service that is not mail."""
    for recipient, alone in _apart(service):
        key = _hash(type(alone).__name__, *_identity(alone), recipient)
        name = shown(str(alone.service_name), LONGEST_NAME)
        if alone.schema.rstrip("s") in NAMED_BY_HOST:
            name += f" at {shown(alone.host, LONGEST_NAME)}"
        yield Target(key, f"{name} ({key[:6]})", key, alone)


def _apart(service: NotifyBase) -> Iterator[tuple[str, NotifyBase]]:
    """The service for each of its recipients alone, where it has several."""
    for name in RECIPIENT_LISTS:
        listed = getattr(service, name, None)
        if isinstance(listed, list) and listed:
            for one in listed:
                alone = copy.copy(service)
                setattr(alone, name, [one])
                yield repr(one), alone
            return
    yield "", service


def _identity(service: Any) -> Sequence[str]:
    """What tells a service from others of its kind: account and path, but not the password."""
    try:
        named = service.url_identifier
    except Exception:
        # Not every service names what identifies it.
        named = None
    parts = list(named) if isinstance(named, (tuple, list)) else [named or service.url()]
    for extra in ("params", "payload_extras"):
        given = getattr(service, extra, None)
        parts += sorted(given.items()) if isinstance(given, dict) else []
    return [repr(part) for part in parts if part is None or part != service.password]


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
