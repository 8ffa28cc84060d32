"""The fonts of the project, of which a page embeds those whose characters it has."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "fonts"
SANS = "Branchline Sans"
SERIF = "Branchline Serif"
Ranges = tuple[tuple[int, int], ...]

_SCRIPTS: dict[str, Ranges] = {
    "latin": (
        (0x0000, 0x00FF),
        (0x0131, 0x0131),
        (0x0152, 0x0153),
        (0x2000, 0x206F),
        (0x20AC, 0x20AC),
        (0x2122, 0x2122),
        (0x2190, 0x2193),
        (0x2212, 0x2212),
    ),
    "latin-ext": (
        (0x0100, 0x0130),
        (0x0132, 0x0151),
        (0x0154, 0x024F),
        (0x1E80, 0x1EF9),
        (0x20A0, 0x20A9),
        (0x20AB, 0x20AB),
        (0x20AD, 0x20C0),
    ),
    "greek": ((0x0370, 0x03FF),),
    "cyrillic": ((0x0301, 0x0301), (0x0400, 0x045F), (0x0490, 0x0491), (0x04B0, 0x04B1)),
    "hebrew": ((0x0590, 0x05FF), (0x20AA, 0x20AA), (0xFB1D, 0xFB4F)),
    "arabic": ((0x0600, 0x06FF),),
}
_SERIF_SCRIPTS = ("latin", "latin-ext", "greek", "cyrillic")


@dataclass(frozen=True)
class Face:
    """A font file: one script in one weight."""

    family: str
    weight: int
    file: str
    ranges: Ranges

    def has_any(self, signs: frozenset[int]) -> bool:
        """Whether the face has one of these characters."""
        return any(first <= sign <= last for sign in signs for first, last in self.ranges)


FACES = tuple(
    [
        Face(SANS, weight, f"sans-{script}-{weight}.woff2", ranges)
        for script, ranges in _SCRIPTS.items()
        for weight in (400, 600)
    ]
    + [Face(SERIF, 600, f"serif-{script}-600.woff2", _SCRIPTS[script]) for script in _SERIF_SCRIPTS]
)


def font_faces(text: str) -> str:
    """The `@font-face` rules, with the fonts in them, that a page of this text needs."""
    signs = frozenset(map(ord, set(text)))
    return "\n".join(_rule(face) for face in FACES if face.has_any(signs))


@functools.cache
def _rule(face: Face) -> str:
    ranges = ",".join(f"U+{first:04X}-{last:04X}" for first, last in face.ranges)
    font = base64.b64encode((FOLDER / face.file).read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-style:normal;'
        f"unicode-range:{ranges};"
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}'
    )
