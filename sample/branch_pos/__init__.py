"""The tills: the files of a branch's day, and the errors in them."""

from __future__ import annotations
