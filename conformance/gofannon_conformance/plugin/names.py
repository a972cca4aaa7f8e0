"""Names that the modules of the plugin and the command share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gofannon_conformance.run.sessions import Run, Session

NAME = "gofannon-conformance-session"
"""The name under which pytest knows the plugin once it is used."""

PAYLOAD = "gofannon_conformance"
"""The attribute of a test report that holds the test's result."""

SEED = "gofannon_conformance_seed"
"""The key of the run's seed in the input of a worker of pytest-xdist."""

RUN: pytest.StashKey[Run] = pytest.StashKey()
"""The stash key of the run of this process."""

SESSION: pytest.StashKey[Session] = pytest.StashKey()
"""The stash key of the session in which a test ran, on its item and on its class."""
