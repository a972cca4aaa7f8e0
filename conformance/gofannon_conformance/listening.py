"""Listening to what is logged, at every level of the service's own loggers, and changing nothing.

Nothing more is printed than without it, and nothing less.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Listener(logging.Handler):
    """Hears every record that reaches the root logger, and all those of a service's own loggers.

    `heard` is given a record, and its text with that of its exception.
    """

    def __init__(self, heard: Callable[[logging.LogRecord, str], None]) -> None:
        super().__init__()
        self._heard = heard
        self._opened: list[logging.Logger] = []
        logging.getLogger().addHandler(self)

    def hear(self, service: type) -> None:
        """Hear the loggers of a service's module and package at every level."""
        for logger in _loggers_of(service):
            if logger not in self._opened:
                self._opened.append(logger)
                Overheard.of(logger).listeners.append(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the text of a record; print it if nobody else would have been there to."""
        self.listen(record)
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and self._is_alone(record.name):
            last.handle(record)

    def listen(self, record: logging.LogRecord) -> None:
        """Pass on the text of a record."""
        self._heard(record, "\n".join(_texts_of(record)))

    def close(self) -> None:
        """Listen no longer; every logger is again as it was."""
        logging.getLogger().removeHandler(self)
        for logger in self._opened:
            Overheard.of(logger).leave(self)
        self._opened.clear()
        super().close()

    @staticmethod
    def _is_alone(name: str) -> bool:
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None:
            if not all(isinstance(handler, Listener) for handler in logger.handlers):
                return False
            logger = logger.parent if logger.propagate else None
        return True


class Overheard(logging.Filter):
    """Lets every record of one logger be heard, and only those be printed that were before.

    The logger keeps its level, which its children go by.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self.listeners: list[Listener] = []
        self._logger = logger
        logger.addFilter(self)
        vars(logger)["isEnabledFor"] = lambda _: True

    @classmethod
    def of(cls, logger: logging.Logger) -> Overheard:
        """Give the one that a logger has, or make it."""
        known = next((one for one in logger.filters if isinstance(one, cls)), None)
        return known or cls(logger)

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass a record on to who listens, and say whether to print it."""
        for listener in self.listeners:
            listener.listen(record)
        return type(self._logger).isEnabledFor(self._logger, record.levelno)

    def leave(self, listener: Listener) -> None:
        """Take a listener off; with the last one the logger is again as it was."""
        self.listeners.remove(listener)
        if not self.listeners:
            self._logger.removeFilter(self)
            del vars(self._logger)["isEnabledFor"]


def _loggers_of(service: type) -> Iterator[logging.Logger]:
    module = service.__module__
    package = module.partition(".")[0]
    for name, logger in list(logging.root.manager.loggerDict.items()):
        own = name == package or name.startswith(f"{package}.")
        if own and isinstance(logger, logging.Logger):
            yield logger
    home = sys.modules.get(module)
    for value in list(vars(home).values()) if home is not None else ():
        if isinstance(value, logging.Logger) and not isinstance(value, logging.RootLogger):
            yield value


def _texts_of(record: logging.LogRecord) -> Iterator[str]:
    from gofannon_conformance.leaks import texts_of

    try:
        yield record.getMessage()
    except Exception:  # noqa: BLE001  # a message that its arguments do not fit is not printed
        yield str(record.msg)
    if record.exc_info and record.exc_info[1] is not None:
        yield texts_of(record.exc_info[1])
    extra: dict[str, Any] = {k: v for k, v in vars(record).items() if k not in _USUAL}
    yield from (value for value in extra.values() if isinstance(value, str))
