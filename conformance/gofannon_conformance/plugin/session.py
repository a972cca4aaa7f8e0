"""The plugin once it is used: what one pytest process shares, and its three classes of hooks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.contract import load
from gofannon_conformance.plugin.collection import CollectionHooks
from gofannon_conformance.plugin.fixture import kit_for
from gofannon_conformance.plugin.items import Accounts
from gofannon_conformance.plugin.names import RUN
from gofannon_conformance.plugin.options import options_of, targets_of
from gofannon_conformance.plugin.outcome import OutcomeHooks
from gofannon_conformance.plugin.summary import SummaryHooks
from gofannon_conformance.run.sessions import Run
from gofannon_conformance.suite.base import KIT
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from gofannon_conformance.report.model import Report


class SessionPlugin:
    """The plugin of one pytest process; under pytest-xdist, of the controller or of a worker."""

    def __init__(self, config: pytest.Config, *, seed: int | None = None) -> None:
        contract = load()
        accounts = Accounts()
        try:
            self.options = options_of(config, contract, seed)
            self.targets = targets_of(config, contract)
            self.collection = CollectionHooks(
                config, contract, self.options, self.targets, accounts
            )
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        name = getattr(config, "workerinput", {}).get("testrunuid")
        self.run = config.stash[RUN] = Run(self.options, contract, name=name)
        config.stash[KIT] = kit_for
        self.summary = SummaryHooks(config, contract, self.options, self.run, accounts)
        for hooks in (self.collection, OutcomeHooks(contract, self.options), self.summary):
            config.pluginmanager.register(hooks)

    @property
    def report(self) -> Report | None:
        """The report, once the run has ended."""
        return self.summary.report

    @property
    def troubles(self) -> list[str]:
        """What went wrong with the run itself, at its end."""
        return self.summary.troubles

    def open_targets(self) -> None:
        """Open the targets of the options, so that one that cannot be opened is reported first."""
        for target in self.targets:
            with contextlib.suppress(NotTested):  # each of its tests reports it
                self.run.session(target.key, target)
