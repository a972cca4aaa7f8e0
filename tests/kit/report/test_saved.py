"""`gofannon-conformance report`: a saved report in other forms."""

import xml.etree.ElementTree as ET

import pytest
import samples
from click.testing import CliRunner

from gofannon_conformance.cli.main import main
from gofannon_conformance.report import json as as_json


@pytest.fixture
def saved(tmp_path):
    file = tmp_path / "report.json"
    file.write_text(as_json.dumps(samples.several_targets()), encoding="utf-8")
    return str(file)


def show(*arguments):
    return CliRunner().invoke(main, ["report", *arguments])


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("text", "memory"), ("markdown", "#"), ("html", "<!doctype html>")],
)
def test_saved_report_is_shown_again(saved, form, beginning):
    shown = show(saved, "--as", form)
    assert shown.exit_code == 0
    assert shown.stdout.lower().lstrip().startswith(beginning)


def test_junit_is_well_formed(saved, tmp_path):
    output = tmp_path / "junit.xml"
    assert show(saved, "--as", "junit", "--output", str(output)).exit_code == 0
    assert ET.parse(output).getroot().tag == "testsuites"


def test_badge_is_of_one_target(saved):
    shown = show(saved, "--as", "badge")
    assert shown.exit_code == 2
    assert "choose it by --target" in shown.stderr
    name = samples.several_targets().targets[0].name
    assert show(saved, "--as", "badge", "--target", name).stdout.startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--as", "htlm"), "did you mean 'html'?"),
        (("--target", "nobody"), "the report has no such target"),
        (("--output", "/nowhere/at/all"), "No such file or directory"),
    ],
)
def test_wrong_arguments_are_reported_in_one_line(saved, arguments, message):
    shown = show(saved, *arguments)
    assert shown.exit_code == 2
    assert shown.stderr.count("\n") == 1
    assert message in shown.stderr


def test_file_that_is_no_report(tmp_path):
    file = tmp_path / "other.json"
    file.write_text("{}")
    assert "is not a report of this kit" in show(str(file)).stderr
    assert show(str(tmp_path / "missing.json")).exit_code == 2
