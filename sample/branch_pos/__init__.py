"""The tills: what a branch sends of its day, and what goes wrong with it."""

from __future__ import annotations
