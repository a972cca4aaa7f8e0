"""The part of the plugin that every pytest run loads: options, a marker, and nothing else.

`plugin.session` does the work. It is loaded when one of the options is used, or when a class of
the suite has been collected.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance.plugin.names import NAME, PAYLOAD, SEED

if TYPE_CHECKING:
    from gofannon_conformance.plugin.session import SessionPlugin


_SUITE = "gofannon_conformance.suite"
"""The suite is looked up by its name, because importing it takes half a second."""

_OPTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("", {"metavar": "TARGET", "action": "append", "help": "run the suite on a target as well: "
          "package.module:attribute, path/file.py:attribute, or a registered name; repeatable"}),
    ("-profile", {"metavar": "NAME", "help": "quick, standard (default) or thorough"}),
    ("-seed", {"metavar": "N", "help": "repeat the run that printed this seed"}),
    ("-clause", {"metavar": "ID", "action": "append", "help": "test only this clause or group "
                 "(GET-3, DOC, 'SAVE-1*'); repeatable"}),
    ("-dialect", {"metavar": "NAME", "help": "interface (default) or overview"}),
    ("-strict", {"action": "store_true", "help": "SHOULD clauses fail the run as well"}),
    ("-example", {"metavar": "TEXT", "help": "run one recorded example, as a failure prints it"}),
    ("-server", {"metavar": "NAME", "action": "append", "help": "use this server for its store, as "
                 "in dynamodb:dynalite (see gofannon-conformance doctor); repeatable"}),
    ("-json", {"metavar": "FILE", "help": "write the report as JSON"}),
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options; each begins with `--conformance`."""
    group = parser.getgroup("gofannon-conformance", "conformance of a DatabaseService")
    for suffix, settings in _OPTIONS:
        dest = f"conformance{suffix.replace('-', '_')}"
        group.addoption(f"--conformance{suffix}", dest=dest, **settings)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; load the rest if an option asks for it."""
    config.addinivalue_line(
        "markers", "conformance(*ids): the clauses of the DatabaseService contract that it tests"
    )
    if any(config.getoption(f"conformance{suffix.replace('-', '_')}") for suffix, _ in _OPTIONS):
        _session(config)
    if config.pluginmanager.has_plugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Controller(config))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Load the rest if an author's module has imported the suite."""
    if config.pluginmanager.has_plugin(NAME) or _SUITE in sys.modules:
        _session(config).collection.collected(session, items)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(obj: object) -> None:
    """Add the fixtures that an author's class of the suite needs, before it is collected."""
    if isinstance(obj, type) and _SUITE in sys.modules:
        from gofannon_conformance.plugin.fixture import mark_fixtures

        mark_fixtures(obj)


class _Controller:
    """The hooks of the controller of pytest-xdist, which collects nothing itself."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._seed = random.SystemRandom().randrange(2**32)
        self._collected: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the same seed to every worker."""
        plugin = self._config.pluginmanager.get_plugin(NAME)
        node.workerinput[SEED] = self._seed if plugin is None else plugin.options.seed

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Keep the list of collected tests, which is the same in every worker."""
        del node
        self._collected = ids

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Load the rest when the first result of the suite arrives."""
        if hasattr(report, PAYLOAD) and not self._config.pluginmanager.has_plugin(NAME):
            plugin = _session(self._config, seed=self._seed)
            plugin.collection.plan(self._collected)
            plugin.summary.pytest_runtest_logreport(report)


def _session(config: pytest.Config, *, seed: int | None = None) -> SessionPlugin:
    plugin = config.pluginmanager.get_plugin(NAME)
    if plugin is None:
        from gofannon_conformance.plugin.session import SessionPlugin

        plugin = SessionPlugin(config, seed=seed)
        config.pluginmanager.register(plugin, NAME)
    return plugin
