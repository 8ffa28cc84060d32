"""Who gets messages: the addresses of an audience, and what is said about wrong ones."""

from __future__ import annotations

import json

import pytest

from publish.messages import (
    Target,
    has_addresses,
    own_names,
    problems,
    targets,
    without_files,
)
from publish.messages.mail import Mailbox

VARIABLE = "BRANCHLINE_NOTIFY_BOARD"
PASSWORD, TOKEN = "Pa55word-c4n4ry", "T0ken-c4n4ry"
MAIL = f"mailto://reports:{PASSWORD}@example.com"
HOOK = f"json://hooks:{PASSWORD}@127.0.0.1:8080/{TOKEN}"
SLACK = f"slack://T1JJ3T3L2/A1BRTD4JD/{'TIiajkdnlazkcOXrIdevi7FQ'}"


def read(value: str | dict[str, object], *names: str) -> list[Target]:
    text = value if isinstance(value, str) else json.dumps(value)
    return targets({VARIABLE: text}, "board", names)


def recipients(found: list[Target]) -> list[str]:
    """The mail addresses of targets."""
    return [one.way.recipient.addr_spec for one in found if isinstance(one.way, Mailbox)]


def test_each_recipient_of_an_address_is_a_target_of_its_own_and_none_is_there_twice() -> None:
    found = read(
        f"{MAIL}/anna@example.org/bo@example.org?cc=cy@example.org,ANNA@example.org\n{MAIL}/bo@example.org"
    )
    assert recipients(found) == ["anna@example.org", "bo@example.org", "cy@example.org"]
    channels = read(f"{SLACK}/#general/#sales  {SLACK}/#sales")
    assert len(channels) == len({one.key for one in channels}) == 2
    assert read("") == read("  \n ") == targets({}, "board") == []


def test_a_branch_gets_its_own_addresses_and_those_for_every_branch() -> None:
    given: dict[str, object] = {
        "Leeds": [f"{MAIL}/leeds@example.org"],
        "tills/York": f"{MAIL}/york@example.org {MAIL}/second@example.org",
        "Stoke-on-Trent": [f"{MAIL}/stoke@example.org"],
        "*": [f"{MAIL}/all@example.org"],
    }
    assert recipients(read(given, "Stoke on Trent", "tills/Stoke on Trent")) == [
        "stoke@example.org",
        "all@example.org",
    ]
    assert recipients(read(given, " LEEDS", "tills/Leeds")) == [
        "leeds@example.org",
        "all@example.org",
    ]
    assert recipients(read(given, "York", "tills/York")) == [
        "york@example.org",
        "second@example.org",
        "all@example.org",
    ]
    # The York of another source, and the company.
    assert recipients(read(given, "York", "desk/York")) == ["all@example.org"]
    assert recipients(read(given)) == ["all@example.org"]


def test_a_name_that_several_branches_have_finds_no_address() -> None:
    branches = {
        "a": ("Leeds", "tills/Leeds"),
        "b": ("LEEDS ", "desk/LEEDS "),
        "c": ("York", "tills/York"),
    }
    given: dict[str, object] = {
        "leeds": f"{MAIL}/manager@example.org",
        "desk/Leeds": f"{MAIL}/desk@example.org",
        "York": f"{MAIL}/york@example.org",
    }
    found = {key: recipients(read(given, *names)) for key, names in own_names(branches).items()}
    assert found == {"a": [], "b": ["desk@example.org"], "c": ["york@example.org"]}
    every_name = [name for names in branches.values() for name in names]
    (said,) = problems({VARIABLE: json.dumps(given)}, "board", every_name)
    assert said.startswith(f"{VARIABLE} has addresses for leeds, which is the name of several")


def test_who_has_no_address_and_who_can_have_no_file_is_known() -> None:
    assert not has_addresses({}, "board")
    assert not has_addresses({VARIABLE: " "}, "board")
    assert not has_addresses({VARIABLE: '{"Leeds": []}'}, "board")
    assert has_addresses({VARIABLE: '{"Leeds": ["slak://1"]}'}, "board")
    bot = "slack://xoxb-1234-1234-abc124/#sales"
    telegram = "tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12315544"
    teams = "workflow://example.com:443/WORKFLOW1/SIGNATURE1"
    environ = {VARIABLE: f"{MAIL}/anna@example.org {HOOK} {bot} {telegram} {SLACK}/#a {teams}"}
    shown = [one.shown for one in targets(environ, "board")]
    assert without_files(environ, "board") == shown[-2:]


def test_a_recipient_stays_the_same_when_the_server_or_its_password_changes() -> None:
    (one,) = read(f"{MAIL}/anna@example.org")
    (other,) = read("mailtos://office:new@mail.example.com/Anna@example.org?from=a@example.com")
    assert one.key == other.key
    (hook,) = read(HOOK)
    (renewed,) = read(HOOK.replace(PASSWORD, "new"))
    assert hook.key == renewed.key
    elsewhere = [HOOK + "2", HOOK.replace("8080", "8081"), HOOK + "?-room=1", HOOK + "?-room=2"]
    assert len({hook.key, *(read(url)[0].key for url in elsewhere)}) == 5


def test_what_is_shown_of_a_target_names_it_without_any_secret() -> None:
    (box,) = read(f"{MAIL}/anna@example.org?from=reports@example.com&+X-Key={TOKEN}")
    assert box.shown == f"a***@example.org ({box.key[:6]})"
    (hook,) = read(HOOK + f"?+Authorization=Bearer%20{TOKEN}")
    assert hook.shown == f"JSON at 127.0.0.1 ({hook.key[:6]})"
    (slack,) = read(SLACK)
    assert slack.shown == f"Slack ({slack.key[:6]})"
    for one in (box, hook, slack):
        for secret in (PASSWORD, TOKEN, "TIiajkdnlazkcOXrIdevi7FQ", "A1BRTD4JD"):
            assert secret not in f"{one!r} {getattr(one.way, 'server', '')!r}"


@pytest.mark.parametrize(
    ("value", "problem", "readable"),
    [
        (f"slak://{TOKEN} {MAIL}/anna@example.org", "Address 1 in {}: Apprise does not know", 1),
        (f"{MAIL}/anna@example.org/{TOKEN}", "Address 1 in {}: a part of it is not valid", 1),
        (f"{MAIL}/anna@example.org?pgp=encrypt", "Address 1 in {}: it asks for PGP", 0),
        (f"mailto://{TOKEN}", "Address 1 in {}: Apprise does not know", 0),
        (f"json://[{TOKEN}", "Address 1 in {}: Apprise does not know", 0),
        (f'{{"Leeds": "{MAIL}', "{} begins like JSON, and is not", 0),
        (f'{{"Leeds": {{"{TOKEN}": 1}}}}', "{} does not have the form", 0),
        (f'{{"Leeds": ["slak://{TOKEN}"]}}', "Address 1 of Leeds in {}: Apprise does not", 0),
        (f'{{"Leds": ["{MAIL}/anna@example.org"]}}', "{} has addresses for Leds, which", 0),
        (f'{{"{HOOK}": []}}', None, 0),
        (f'{{"{HOOK}": ["{HOOK}"]}}', "{} has addresses for a name that is an address", 0),
        (f"{MAIL}/anna@example.org {HOOK}", None, 2),
    ],
)
def test_a_wrong_address_is_named_by_its_place_and_keeps_no_other_from_being_read(
    value: str,
    problem: str | None,
    readable: int,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(0)
    assert len(read(value, "Leeds")) == readable
    said = problems({VARIABLE: value}, "board", ["Leeds", "York"])
    assert len(said) == (problem is not None), said
    if problem is not None:
        assert said[0].startswith(problem.format(VARIABLE)), said
    for text in (*said, *capfd.readouterr(), caplog.text):
        assert [secret for secret in (PASSWORD, TOKEN) if secret in text] == []
