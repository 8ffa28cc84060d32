"""The sales desk: the stores' sales files, and the office's lists."""

from __future__ import annotations
