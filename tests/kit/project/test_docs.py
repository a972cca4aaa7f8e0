"""The documentation as a reader would follow it: its Python is run, its commands give its output.

On the pages below, a block of `python` is executed, or written to a file if its first line names
one (`python mydb.py`; with `replace` behind, the text before `# becomes` is replaced in that file).
A block of `console` is run: after `$ ` a command, below it what it prints, where `...` stands for
lines left out. Numbers, times and made-up names of collections may differ, and so may where lines
are wrapped. Blocks of `sh` and `yaml` are not run: their commands must have the options they use.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from gofannon_conformance.cli import main
from gofannon_conformance.contract import load
from gofannon_conformance.plugin import entry

DOCS = Path(__file__).parents[3] / "docs"
PAGES = (
    "index",
    "authors",
    "application",
    "reading-the-report",
    "contract",
    "design",
    "how-we-know",
    "stability",
)
FENCE = re.compile(
    r"^```(?P<kind>\w+)?(?P<rest>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
LEFT_OUT = "..."


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    kind: str
    words: tuple[str, ...]
    text: str

    def __str__(self):
        return f"docs/{self.page}.md, line {self.line}"


def blocks(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            found["kind"] or "",
            tuple(found["rest"].split()),
            found["text"],
        )
        for found in FENCE.finditer(text)
    ]


ALL = [block for page in PAGES for block in blocks(page)]


class Reader:
    """Follows a page from its top to its end, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.status = 0
        programs = str(Path(sys.executable).parent)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COVERAGE_"))},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "80",
            "NO_COLOR": "1",
        }

    def follow(self, block):
        if block.kind == "python":
            self._python(block)
        elif block.kind == "console":
            for command, expected in commands(block.text):
                found = self._run(command)
                missing = first_missing(expected, found)
                assert missing is None, f"{block}: $ {command}\nlacks: {missing}\nprinted:\n{found}"

    def _python(self, block):
        if not block.words:
            done = self._started([sys.executable, "-c", block.text])
            assert done.returncode == 0, f"{block}:\n{done.stdout}"
            return
        file = self.folder / block.words[0]
        if block.words[1:] == ("replace",):
            before, after = block.text.split("# becomes\n")
            text = file.read_text()
            assert text.count(before) == 1, block
            file.write_text(text.replace(before, after))
        else:
            compile(block.text, str(block), "exec")
            file.write_text(block.text)

    def _run(self, command):
        if command == "echo $?":
            return f"{self.status}\n"
        done = self._started(shlex.split(command))
        self.status = done.returncode
        return done.stdout

    def _started(self, words):
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=120,
        )


def commands(text):
    """Take a console block apart: each command, and what the page says that it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def first_missing(expected, found):
    """Return the first part of the expected output that is not there in its place, if any."""
    rest = steady(found)
    parts = re.split(rf"^{re.escape(LEFT_OUT)}$", expected, flags=re.MULTILINE)
    for part in filter(None, map(steady, parts)):
        _, there, rest = rest.partition(part)
        if not there:
            return part
    return None


def steady(text):
    """Leave of an output only what is the same in each run."""
    for pattern, instead in (
        (r"gfc_[a-z]{6}", "gfc_"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)", "WHEN"),
        (r"\bseed \d+", "seed N"),
        (r"─+|-{9,}|={9,}", "RULE"),
        (r"(?<![\w'\"=-])\d[\d,.]*(?![\w'\"-])", "N"),
    ):
        text = re.sub(pattern, instead, text)
    return " ".join(text.split())


@pytest.mark.parametrize("page", PAGES)
def test_page_does_what_it_says(page, tmp_path):
    reader = Reader(tmp_path)
    for block in blocks(page):
        reader.follow(block)


@pytest.mark.parametrize("block", [b for b in ALL if b.kind in ("sh", "yaml", "console")], ids=str)
def test_commands_have_the_options_that_the_page_uses(block):
    found = re.findall(r"(?:^|\s)(gofannon-conformance|pytest) ([^\n]*)$", block.text, re.MULTILINE)
    for program, rest in found:
        if program == "pytest":
            options = {word.partition("=")[0] for word in shlex.split(rest)}
            unknown = {o for o in options if o.startswith("--conformance")} - PYTEST_OPTIONS
            assert not unknown, block
        else:
            name, *arguments = shlex.split(rest)
            main.main.commands[name].make_context(name, arguments)


PYTEST_OPTIONS = {f"--conformance{suffix}" for suffix, _ in entry._OPTIONS}


@pytest.mark.parametrize("block", [b for b in ALL if b.kind in ("toml", "json")], ids=str)
def test_data_is_well_formed(block):
    {"toml": tomllib.loads, "json": json.loads}[block.kind](block.text)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [x for x in links if x and "://" not in x and not (DOCS / x).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_clauses_that_a_page_names_exist(page):
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    prose = FENCE.sub("", text)
    groups = "|".join(group.name for group in load().groups)
    named = {f"{g}-{n}" for g, n in re.findall(rf"\b({groups})-(\d+)\b", prose)}
    assert not named - {clause.id for clause in load().clauses}


def test_unknown_option_on_a_page_would_be_found():
    block = Block("none", 1, "sh", (), "gofannon-conformance run mydb:make --sed=1\n")
    with pytest.raises(click.NoSuchOption):
        test_commands_have_the_options_that_the_page_uses(block)


@pytest.mark.parametrize(
    ("expected", "found", "missing"),
    [
        ("one\n...\nthree\n", "one\ntwo\nthree\n", None),
        ("three\n...\none\n", "one\ntwo\nthree\n", "one"),
        ("7 of 8 passed\n", "9 of 9\npassed\n", None),
        ("7 of 8 passed\n", "7 of 8 failed\n", "N of N passed"),
        ("gfc_kqwzea_ad\n", "gfc_aaaaaa_ad\n", None),
        ("DEL-2\n", "DEL-3\n", "DEL-2"),
    ],
)
def test_output_is_held_against_the_page(expected, found, missing):
    assert first_missing(expected, found) == missing
