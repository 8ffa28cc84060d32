"""Every relative link of a Markdown file leads to a file, and its anchor to a heading there."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt

PROJECT = Path(__file__).resolve().parents[3]

# Links to models in the dbt docs.
MODEL = "#!/model/model.branchline."


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [PROJECT / name for name in listed if (PROJECT / name).exists()]


def _parsed(page: Path) -> tuple[list[str], set[str]]:
    """The targets of a page's links and images, and the anchors of its headings.

    Anchors are those of code hosts: `## Which row counts` is `#which-row-counts`.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    targets: list[str] = []
    anchors: set[str] = set()
    seen: Counter[str] = Counter()
    for place, token in enumerate(tokens):
        children = token.children or []
        for child in children:
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                targets.append(str(target))
        if place and tokens[place - 1].type == "heading_open":
            words = "".join(child.content for child in children)
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return targets, anchors


def _broken(page: Path, root: Path) -> Iterator[str]:
    """Every broken relative link of a page."""
    for target in _parsed(page)[0]:
        if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
            continue
        if target.startswith(MODEL):
            model = target.removeprefix(MODEL)
            if not list(root.glob(f"models/**/{model}.sql")):
                yield f"{page.relative_to(root)}: {target}: no such model"
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        where = f"{page.relative_to(root)}: {target}"
        if not file.is_relative_to(root) or not file.exists():
            yield f"{where}: no such file"
        elif anchor and (file.suffix != ".md" or anchor not in _parsed(file)[1]):
            yield f"{where}: no such heading"


def test_every_relative_link_leads_somewhere() -> None:
    pages = _pages()
    assert len(pages) > 10
    broken = [found for page in pages for found in _broken(page, PROJECT)]
    assert not broken, "\n".join(broken)


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "up.md").touch()
    page = root / "page.md"
    page.write_text(
        "# A `code` heading, twice\n## Twice\n## Twice\n"
        "[right](page.md) [self](#twice-1) [web](https://a.example/x#y)\n"
        "[heading](#a-code-heading-twice)\n"
        "[`wrong`](other.md) [none](#thrice) ![no picture](a.png) [out](../up.md) [by name][ref]\n"
        "`[shown](code.md)`\n\n[ref]: gone.md\n\n"
        "```\n[fenced](fenced.md)\n# No heading\n```\n\n| [cell](cell.md) |\n| --- |\n\n"
        f"[end](#no-heading) [model]({MODEL}fct_wrong)\n",
        encoding="utf-8",
    )
    assert [found.split(": ")[1] for found in _broken(page, root)] == [
        "other.md",
        "#thrice",
        "a.png",
        "../up.md",
        "gone.md",
        "cell.md",
        "#no-heading",
        f"{MODEL}fct_wrong",
    ]
