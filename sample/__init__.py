"""A sample company: it writes the files that real branches would send.

It plays the outside world, so it imports nothing from the project and does not know the warehouse.
"""

from __future__ import annotations
