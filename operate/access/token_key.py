"""The secrets of the card tokens: read them, and check that they are the warehouse's own.

A warehouse has one key at first. Each later key is applied to the tokens of the keys before it
(`ingest.cards.CardTokens`), so all of them are needed from then on, in order.
"""

from __future__ import annotations

import contextlib
import hmac
import math
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from psycopg2.extensions import connection as Link
from psycopg2.extensions import cursor as Cursor

from base.errors import BranchlineError
from base.files import read_secret, write_private
from base.settings import Settings
from ingest import SHORTEST_KEY

BITS = 256
VARIABLE = "BRANCHLINE_TOKEN_KEY"
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_hex(32))"'
BRING_BACK = (
    f"Restore it from where you keep your keys: {VARIABLE}, or the file token.key in the folder"
    " of the embedded warehouse."
)
OLDEST_FIRST = f"{VARIABLE} holds the keys oldest first, separated by commas or spaces."


def token_keys(settings: Settings, link: Link | None = None) -> list[bytes]:
    """The keys of BRANCHLINE_TOKEN_KEY, or those in the embedded warehouse's folder.

    Oldest first. The embedded warehouse's first key is created if `link` says that no card was ever
    replaced there. Raises BranchlineError if a key is too weak, missing, or readable by other users
    of the machine.
    """
    if settings.token_key is not None:
        return _checked(settings.token_key, VARIABLE)
    if not settings.embedded:
        raise BranchlineError(
            f"{VARIABLE} is not set. Card numbers are replaced by tokens made with it, and"
            " your own server needs your own key: always and everywhere the same one.",
            f"Make one, keep it with your other secrets, and export it: {HOW_TO_MAKE_ONE}",
        )
    path = key_file(settings)
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    if link is not None and has_keys(link):
        # A new key would only get in the way of the one to restore.
        raise BranchlineError(
            f"{path} is missing: the token key of this warehouse's card tokens."
            " It was not replaced by a new one.",
            f"{BRING_BACK} Without the key this warehouse cannot be loaded any more; a new one"
            " can, from the same files.",
        )
    settings.warehouse_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    made = secrets.token_hex(32)
    with open(handle, "w") as file:
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    return [made.encode()]


def _read(path: Path) -> list[bytes]:
    return _checked(read_secret(path, "the token key"), str(path))


def key_file(settings: Settings) -> Path:
    """The file with the embedded warehouse's keys, one per line, oldest first."""
    return settings.warehouse_dir / "token.key"


def append_key(settings: Settings) -> list[bytes]:
    """Create a key, append it to the embedded warehouse's file, and return all keys.

    The file is replaced atomically and is on disk when this returns.
    """
    path = key_file(settings)
    keys = [*read_secret(path, "the token key").split(), secrets.token_hex(32)]
    write_private(path, "\n".join(keys) + "\n")
    return _read(path)


def weakness(key: str) -> str | None:
    """Why a key cannot have 256 random bits; None if it may have.

    Long enough words and sentences pass: how a key was made cannot be checked.
    """
    if len(key.encode()) < SHORTEST_KEY:
        return f"has {len(key.encode())} bytes; at least {SHORTEST_KEY} are needed"
    if key in (key + key)[1:-1]:
        return "repeats itself; it must be random"
    plain = re.sub(r"[\W_]", "", key)
    for kind, sign, values in (("digits", r"[0-9]*", 10), ("hexadecimal", r"[0-9a-fA-F]*", 16)):
        if re.fullmatch(sign, plain):
            needed = math.ceil(BITS / math.log2(values))
            if len(plain) >= needed:
                return None
            bits = int(len(plain) * math.log2(values))
            return f"has at most {bits} bits, as {len(plain)} {kind}; {needed} are needed"
    return None


def _checked(text: str, where: str) -> list[bytes]:
    """The keys in a text. The newest must be strong: it also protects the tokens of older ones."""
    keys = [key for key in re.split(r"[\s,]+", text) if key]
    if not keys:
        raise BranchlineError(
            f"There is no token key in {where}.",
            "Restore the keys from where you keep them. If none was ever used, make one:"
            f" {HOW_TO_MAKE_ONE}",
        )
    for number, key in enumerate(keys, start=1):
        problem = weakness(key)
        if problem is None or (number < len(keys) and len(key.encode()) >= SHORTEST_KEY):
            continue
        which = "token key" if len(keys) == 1 else f"token key {number} of {len(keys)}"
        raise BranchlineError(
            f"The {which} in {where} {problem}.",
            f"Make a new one: {HOW_TO_MAKE_ONE}\nA warehouse whose tokens were made with this one"
            " still needs it: keep it first, append the new one, and run `branchline"
            f" warehouse rotate-key`. {OLDEST_FIRST}",
        )
    if len(set(keys)) < len(keys):
        raise BranchlineError(f"The same token key is in {where} twice.", OLDEST_FIRST)
    return [key.encode() for key in keys]


def fingerprint(key: bytes) -> str:
    """The stored fingerprint of a key: a keyed hash of a fixed text, which does not reveal it."""
    return hmac.digest(key, b"branchline token key", "sha256").hex()


def noted_keys(cursor: Cursor) -> list[str]:
    """The fingerprints of the warehouse's token keys, oldest first."""
    cursor.execute("select fingerprint from operations.token_keys order by key_number")
    return [found for (found,) in cursor.fetchall()]


def has_keys(link: Link) -> bool:
    """Whether the warehouse has used a token key already."""
    with link.cursor() as cursor:
        cursor.execute("select to_regclass('operations.token_keys') is not null")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute("select exists (select from operations.token_keys)")
        return cursor.fetchone() == (True,)


def note_keys(cursor: Cursor, keys: Sequence[bytes]) -> None:
    """Record the fingerprints of new keys."""
    for number, key in enumerate(keys, start=1):
        cursor.execute(
            "insert into operations.token_keys (fingerprint, key_number) values (%s, %s)"
            " on conflict (fingerprint) do nothing",
            (fingerprint(key), number),
        )


def check_token_keys(link: Link, keys: Sequence[bytes]) -> None:
    """Check that these are the warehouse's token keys; record them at the first load.

    Call it under the loader's lock: then no other load records keys, and none are rotated. Raises
    BranchlineError if the card tokens were made with other keys, or in another order: every card
    would become a new customer.
    """
    with link.cursor() as cursor:
        noted = noted_keys(cursor)
        if not noted:
            note_keys(cursor, keys)
            noted = noted_keys(cursor)
    misfit = describe_misfit(noted, [fingerprint(key) for key in keys])
    if misfit is not None:
        raise misfit


def describe_misfit(noted: Sequence[str], given: Sequence[str]) -> BranchlineError | None:
    """Why keys do not match a warehouse, by their fingerprints; None where they do."""
    noted, given = list(noted), list(given)
    if given == noted:
        return None
    if given[: len(noted)] == noted:
        count = len(given) - len(noted)
        return BranchlineError(
            f"There {'is a token key' if count == 1 else f'are {count} token keys'} that this"
            " warehouse's card tokens do not use yet.",
            "Apply it to all of them: branchline warehouse rotate-key\nOr remove it, if it was"
            " never used.",
        )
    back = (
        f"Restore them: {VARIABLE}, or the file token.key in the folder of the embedded"
        f" warehouse. {OLDEST_FIRST}"
    )
    if noted[: len(given)] == given:
        return BranchlineError(
            f"This warehouse's card tokens were made with {len(noted)} keys one after the other;"
            f" only the first {len(given)} were given: the newest is missing.",
            back,
        )
    if sorted(noted) == sorted(given):
        return BranchlineError(
            "The token keys are those of this warehouse, but in another order; every card would"
            " become a new customer.",
            OLDEST_FIRST,
        )
    if set(given) < set(noted):
        return BranchlineError(
            f"This warehouse's card tokens were made with {len(noted)} keys one after the other,"
            " and an older one is missing; every card would become a new customer.",
            back,
        )
    return BranchlineError(
        "The token key is not the one that this warehouse's card tokens were made with;"
        " every card would become a new customer.",
        back,
    )
