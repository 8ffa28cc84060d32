"""Customers, each computed from a number when needed: there is no list of them.

Card numbers are invented and always fail the Luhn check that every issued card passes, so they
belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sample.chance import digest

_FIRST_NAMES = (
    "Aisling", "Alan", "Amara", "Amélie", "Andrew", "Angela", "Anita", "Barbara", "Beatrix",
    "Ben", "Bronagh", "Callum", "Carol", "Chloë", "Clare", "Colin", "Conor", "Daniel", "Deepak",
    "Denise", "Derek", "Diana", "Dylan", "Edith", "Eilidh", "Emeka", "Emma", "Ewan", "Farah",
    "Fiona", "Fraser", "Gareth", "Gemma", "George", "Grace", "Hamish", "Hannah", "Harriet",
    "Helen", "Hugo", "Imogen", "Iris", "Isaac", "Ivy", "Jamal", "Jane", "Jasmine", "Joan", "José",
    "Julia", "Karen", "Kieran", "Kwame", "Laura", "Leon", "Lorna", "Lucy", "Maeve", "Malcolm",
    "Marcus", "Margaret", "Martin", "Mei", "Mina", "Mohammed", "Morag", "Nadia", "Naomi", "Niamh",
    "Nigel", "Noël", "Olivia", "Omar", "Oscar", "Patrick", "Paula", "Peter", "Petra", "Philip",
    "Priya", "Rachel", "Rafael", "Renée", "Rhys", "Robert", "Rosa", "Ruth", "Samir", "Sara",
    "Sean", "Seán", "Siobhán", "Sofia", "Stephen", "Stuart", "Susan", "Tariq", "Tessa", "Thomas",
    "Tobias", "Una", "Victor", "Wendy", "William", "Yasmin", "Yusuf", "Zara", "Zoë",
)  # fmt: skip
_LAST_NAMES = (
    "Abara", "Adeyemi", "Ahmed", "Allen", "Anderson", "Armstrong", "Bailey", "Banerjee", "Barker",
    "Bell", "Bennett", "Blackwood", "Boyle", "Bradley", "Brown", "Byrne", "Cameron", "Campbell",
    "Carter", "Chapman", "Chen", "Clarke", "Cole", "Collins", "Cooper", "Cox", "Craig", "Curtis",
    "D'Arcy", "D'Souza", "Davies", "Dawson", "Dixon", "Doyle", "Duffy", "Edwards", "Ellis",
    "Evans", "Farrell", "Ferguson", "Fernández", "Fitzgerald", "Fletcher", "Forde", "Foster",
    "Fraser", "Gibson", "Gill", "Gordon", "Graham", "Grant", "Gray", "Green", "Griffiths",
    "Hall", "Hamilton", "Harper", "Harris", "Hayes", "Hill", "Hughes", "Hussain", "Iqbal",
    "Jackson", "James", "Jenkins", "Johnson", "Jones", "Joyce", "Kaur", "Kelly", "Kennedy",
    "Khan", "King", "Knight", "Kowalski", "Lawson", "Lee", "Lewis", "Lloyd", "Lynch", "MacLeod",
    "Malik", "Marsh", "Martínez", "Mason", "McCarthy", "McDonald", "Mehta", "Mills", "Mitchell",
    "Moore", "Morgan", "Morris", "Müller", "Murphy", "Murray", "Nguyen", "Nolan", "Novák",
    "Núñez", "O'Brien", "O'Connor", "O'Neill", "O'Sullivan", "Okafor", "Owen", "Palmer", "Park",
    "Parker", "Patel", "Phillips", "Porter", "Powell", "Price", "Quinn", "Rahman", "Reid",
    "Reilly", "Richards", "Roberts", "Rogers", "Ross", "Russell", "Ryan", "Scott", "Shah", "Shaw",
    "Sharma", "Simpson", "Singh", "Smith", "Smith-Jones", "Stevens", "Stewart", "Sutherland",
    "Taylor", "Thomas", "Thompson", "Turner", "Walker", "Wallace", "Walsh", "Ward", "Watson",
    "Webb", "White", "Williams", "Wilson", "Wood", "Wright", "Young",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A customer. `pays_by_card` is a habit; `usual` picks the first thing on the order."""

    name: str
    card_number: str
    pays_by_card: bool
    usual: int


def luhn_digit(digits: str) -> int:
    """The check digit that an issuer would put after `digits`."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        value = int(character)
        if position % 2 == 0:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return -total % 10


def person(seed: int, pool: str, number: int) -> Person:
    """The customer `number` of `pool`: always the same one."""
    marks = digest(seed, "person", pool, number)
    first = _FIRST_NAMES[int.from_bytes(marks[0:4], "big") % len(_FIRST_NAMES)]
    last = _LAST_NAMES[int.from_bytes(marks[4:8], "big") % len(_LAST_NAMES)]
    digits = str(10**14 + int.from_bytes(marks[8:16], "big") % (9 * 10**14))
    # From 1 to 9 past the right check digit: never the right one.
    last_digit = (luhn_digit(digits) + 1 + marks[16] % 9) % 10
    return Person(f"{first} {last}", f"{digits}{last_digit}", marks[17] < 184, marks[18])
