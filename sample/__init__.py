"""A made-up company: it writes the files that real branches would send.

The outside world of the project, so it imports nothing of it and knows nothing of the warehouse.
"""

from __future__ import annotations
