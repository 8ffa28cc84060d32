"""Take the pictures of docs/reports.md from an archive that `branchline publish` has made.

    .venv/bin/python tests/python/report_pictures.py published

The pictures show the latest edition of each report: the company's, or the first branch's where the
company has none, as on a desk; a branch's day as on a phone, dark; and the index.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import chromium
from PIL import Image
from playwright.sync_api import Browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
MOST_BYTES = 150_000
DESK, PHONE = (1440, 1150), (390, 844)


@dataclass(frozen=True)
class Shot:
    """A picture to take: of which page, how, and the width of the picture."""

    name: str
    page: Path
    size: tuple[int, int]
    is_dark: bool
    width: int


def shots(archive: Path) -> list[Shot]:
    """The pictures of the latest edition of each report in an archive, and of its index."""
    reports: dict[str, list[Path]] = {}
    # Later dates replace earlier ones.
    for report in sorted(archive.glob("20??-??-??/*/")):
        parts = sorted(page.parent for page in report.glob("*/index.html"))
        if parts:
            reports[report.name] = parts
    if not reports:
        raise SystemExit(f"{archive} has no reports; publish first: branchline publish")
    found = [Shot("index", archive / "index.html", DESK, False, 960)]
    for name, parts in sorted(reports.items()):
        company = [part for part in parts if part.name == "company"]
        branches = [part for part in parts if part.name != "company"]
        page = (company or branches)[0] / "index.html"
        found.append(Shot(name, page, DESK, False, 960))
        if name == "daily_sales":
            page = (branches or company)[0] / "index.html"
            found.append(Shot("phone", page, PHONE, True, 390))
    return found


def take(browser: Browser, shot: Shot) -> bytes:
    """A picture as a small PNG."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.is_dark else "light",
        offline=True,
    )
    tab = context.new_page()
    tab.goto(shot.page.resolve().as_uri())
    tall = min(height, int(tab.evaluate("document.documentElement.scrollHeight")))
    taken = tab.screenshot(clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True)
    context.close()
    image = Image.open(io.BytesIO(taken)).convert("RGB")
    if width > shot.width:
        image = image.resize(
            (shot.width, round(tall * shot.width / width)), Image.Resampling.LANCZOS
        )
    for colours in (64, 32, 16):
        small = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() < MOST_BYTES:
            break
    return small.getvalue()


def main() -> None:
    """Take the pictures of the archive that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit("Name the folder of the archive: report_pictures.py published")
    reason = chromium.why_not()
    if reason:
        raise SystemExit(reason)
    PICTURES.mkdir(exist_ok=True)
    with chromium.chromium() as browser:
        for shot in shots(Path(sys.argv[1])):
            target = PICTURES / f"report-{shot.name.replace('_', '-')}.png"
            target.write_bytes(take(browser, shot))
            sys.stdout.write(f"{target.name}: {target.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
