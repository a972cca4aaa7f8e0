"""Properties: a check that Hypothesis runs on many examples, and its smallest failure.

Hypothesis is called from inside the test method, not as a decorator. So it leaves no database in
the author's folder, makes no health checks, prints no notes, and has no trouble with inherited
tests and function-scoped fixtures.
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

from gofannon_conformance.calls.violation import CallHung, Violation, hang_violation
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from gofannon_conformance.run.profiles import Profile

LONGEST_EXAMPLE = 1500
"""A longer `--example` is not printed, because nobody would copy it; the seed is."""


class Prover:
    """Runs the properties of one test on examples that the seed reproduces."""

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
        recorded = _recorded_for(name, example)
        self._database = _Examples(_decoded(recorded) if recorded else None)
        self._only_example = bool(recorded) and only_example

    def property(self, check: Callable[..., None], **strategies: SearchStrategy[Any]) -> None:
        """Run a check on as many examples as the profile has; raise the smallest violation."""
        seen: list[Violation] = []

        def example(**drawn: Any) -> None:
            self._before_each()
            try:
                check(**drawn)
            except Violation as found:
                seen.append(found)
                raise

        # Settings come last: `seed` removes the database from settings that are there already.
        seeded = hypothesis.seed(f"{self._seed}:{self._name}")(given(**strategies)(example))
        test = settings(**self._settings(max_examples=self._profile.examples))(seeded)
        self._run(test, seen)

    def machine(self, machine: type[RuleBasedStateMachine], seen: list[Violation]) -> None:
        """Run random programs of a state machine, which adds each violation to `seen`."""
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
            raise self._with_example(found) from None
        except CallHung as hung:
            reported = seen[-1] if seen and seen[-1].hung else hang_violation(hung.answer)
            raise self._with_example(reported) from None
        except SkipTest as skipped:  # Hypothesis ran nothing
            raise UsageError(
                "--example is of another version of this test, or of another test: nothing was run"
            ) from skipped
        except (Flaky, HypothesisException) as trouble:
            if not seen:
                raise
            unsteady = seen[-1]
            if not unsteady.hung:  # then the same calls were not made again
                unsteady.what += (
                    "; the same calls did not fail each time, so the backend's answers depend on "
                    "more than its calls"
                )
            raise self._with_example(unsteady) from trouble

    def _with_example(self, found: Violation) -> Violation:
        smallest = self._database.smallest()
        if smallest is not None:
            text = encoded(smallest)
            found.example = text if len(text) <= LONGEST_EXAMPLE else ""
        return found


class _Examples(ExampleDatabase):
    """Keeps the failing examples of one property; returns the one to run again."""

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


def _recorded_for(name: str, example: str) -> str:
    """Return the example of `test:example`, as a failure prints it; "" for another test."""
    test, colon, text = example.rpartition(":")
    if not colon:
        return "" if text == name else text
    return text if test == name else ""


def _is_primary(key: bytes) -> bool:
    return not key.endswith((b".secondary", b".pareto"))


def encoded(example: bytes) -> str:
    """Return an example as text for a command line."""
    return base64.urlsafe_b64encode(zlib.compress(example, 9)).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, zlib.error, ValueError) as error:
        raise UsageError(
            f"--example {text[:40]!r} is no example of this kit: copy all of it from the failure"
        ) from error
