"""Customers whose personal data was erased: found in rows, and replaced before a row is written.

A feed says by which columns its rows name their customer (`customer`) and which columns are
personal. Of an erased customer the warehouse keeps keyed tokens of what named the person, and for
each the pseudonym that stands for the person from then on.
"""

from ingest.persons.identity import ERASED as ERASED
from ingest.persons.tombstones import Tombstones as Tombstones
