"""Properties: a check run by Hypothesis on many examples, and its smallest failure, told plainly.

Hypothesis is driven from inside the test method rather than by decorating it, so that nothing of
it shows in an author's test run: no database in the working folder, no health checks, no notes,
no trouble with inherited tests and function-scoped fixtures.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.profiles import Profile

LONGEST_EXAMPLE = 1500
"""A longer `--example` is no command that anybody would copy; the seed serves instead."""


class Stopped(BaseException):
    """Ends a property at once, which Hypothesis would else make smaller, call by hanging call."""

    def __init__(self, found: Violation) -> None:
        super().__init__(str(found))
        self.found = found


class Prover:
    """Runs the properties of one test, each on its own reproducible stream of examples."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        seed: int,
        *,
        before_each: Callable[[], None],
        example: str = "",
        only_example: bool = False,
    ) -> None:
        self._name = name
        self._profile = profile
        self._seed = seed
        self._before_each = before_each
        told = _told_for(name, example)
        self._database = _Examples(_decoded(told) if told else None)
        self._only_example = bool(told) and only_example

    def property(self, check: Callable[..., None], **strategies: SearchStrategy[Any]) -> None:
        """Run a check on as many examples as the profile says; raise its smallest violation."""
        seen: list[Violation] = []

        def example(**drawn: Any) -> None:
            self._before_each()
            try:
                check(**drawn)
            except Violation as found:
                seen.append(found)
                raise

        # Settings go on last: a seed takes the database away from those that are there already.
        seeded = hypothesis.seed(f"{self._seed}:{self._name}")(given(**strategies)(example))
        test = settings(**self._settings(max_examples=self._profile.examples))(seeded)
        self._run(test, seen)

    def machine(self, machine: type[RuleBasedStateMachine], seen: list[Violation]) -> None:
        """Run random programs of a state machine, which notes each violation in `seen`."""
        chosen = settings(
            **self._settings(max_examples=self._profile.programs),
            stateful_step_count=self._profile.steps,
        )
        seeded = hypothesis.seed(f"{self._seed}:{self._name}")(machine)
        self._run(lambda: run_state_machine_as_test(seeded, settings=chosen), seen)

    def _settings(self, **more: Any) -> dict[str, Any]:
        phases = [Phase.reuse]
        if not self._only_example:
            phases += [Phase.generate, Phase.shrink][: 1 + self._profile.shrinks]
        return {
            "database": self._database,
            "deadline": None,
            "derandomize": False,
            "phases": phases,
            "print_blob": False,
            "report_multiple_bugs": False,
            "suppress_health_check": list(HealthCheck),
            "verbosity": Verbosity.quiet,
            **more,
        }

    def _run(self, run: Callable[[], None], seen: list[Violation]) -> None:
        try:
            run()
        except Violation as found:
            raise self._told(found) from None
        except Stopped as stopped:
            raise self._told(stopped.found) from None
        except SkipTest as skipped:  # so Hypothesis says that it ran nothing
            raise UsageError(
                "--example is of another version of this test, or of another test: nothing was run"
            ) from skipped
        except (Flaky, HypothesisException) as trouble:
            if not seen:
                raise
            unsteady = seen[-1]
            if not unsteady.never_came:  # else the same calls were not made again
                unsteady.what += (
                    "; the same calls did not fail each time, so what the backend answers depends "
                    "on more than its calls"
                )
            raise self._told(unsteady) from trouble

    def _told(self, found: Violation) -> Violation:
        smallest = self._database.smallest()
        if smallest is not None:
            text = encoded(smallest)
            found.example = text if len(text) <= LONGEST_EXAMPLE else ""
        return found


class _Examples(ExampleDatabase):
    """Keeps the failing examples of one property; offers the one that is to be run again."""

    def __init__(self, given_example: bytes | None) -> None:
        super().__init__()
        self._given = given_example
        self._kept: dict[bytes, list[bytes]] = {}

    def fetch(self, key: bytes) -> Iterable[bytes]:
        if self._given is not None and _is_primary(key):
            yield self._given

    def save(self, key: bytes, value: bytes) -> None:
        kept = self._kept.setdefault(key, [])
        if value not in kept:
            kept.append(value)

    def delete(self, key: bytes, value: bytes) -> None:
        if value in self._kept.get(key, ()):
            self._kept[key].remove(value)

    def smallest(self) -> bytes | None:
        primary = [v for key, values in self._kept.items() if _is_primary(key) for v in values]
        return primary[-1] if primary else None


def _told_for(name: str, example: str) -> str:
    """Take `test:example` apart, as a failure prints it; what is for another test is none."""
    test, colon, text = example.rpartition(":")
    if not colon:
        return "" if text == name else text
    return text if test == name else ""


def _is_primary(key: bytes) -> bool:
    return not key.endswith((b".secondary", b".pareto"))


def encoded(example: bytes) -> str:
    """Write an example as text for a command line."""
    return base64.urlsafe_b64encode(zlib.compress(example, 9)).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, zlib.error, ValueError) as error:
        raise UsageError(
            f"--example {text[:40]!r} is no example of this kit: copy it whole from the failure"
        ) from error
