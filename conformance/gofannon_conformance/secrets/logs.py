"""A listener for log records, at every level of the service's own loggers.

It changes nothing in what is printed.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from gofannon_conformance.values.exceptions import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogListener(logging.Handler):
    """Receives every record that reaches the root logger, and all of a service's own loggers.

    `heard` gets a record, and its text with that of its exception.
    """

    def __init__(self, heard: Callable[[logging.LogRecord, str], None]) -> None:
        super().__init__()
        self._heard = heard
        self._opened: list[logging.Logger] = []

    def start(self) -> None:
        """Start to listen, to the root logger at first."""
        logging.getLogger().addHandler(self)

    def hear(self, service: type) -> None:
        """Listen to the loggers of a service's module and package at every level."""
        for logger in _loggers_of(service):
            if logger not in self._opened:
                self._opened.append(logger)
                ListenedTo.of(logger).join(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the text of a record; print it if no other handler does."""
        self.listen(record)
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and self._is_alone(record.name):
            last.handle(record)

    def listen(self, record: logging.LogRecord) -> None:
        """Pass on the text of a record."""
        self._heard(record, "\n".join(_texts_of(record)))

    def close(self) -> None:
        """Stop listening; every logger is restored."""
        logging.getLogger().removeHandler(self)
        for logger in self._opened:
            ListenedTo.of(logger).leave(self)
        self._opened.clear()
        super().close()

    @staticmethod
    def _is_alone(name: str) -> bool:
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None:
            if not all(isinstance(handler, LogListener) for handler in logger.handlers):
                return False
            logger = logger.parent if logger.propagate else None
        return True


class ListenedTo(logging.Filter):
    """Passes every record of one logger to the listeners; prints only those of its level.

    The logger keeps its level, because its children inherit it.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self.listeners: list[LogListener] = []
        self._logger = logger

    def join(self, listener: LogListener) -> None:
        """Add a listener; with the first one the logger passes every record."""
        if not self.listeners:
            self._logger.addFilter(self)
            vars(self._logger)["isEnabledFor"] = lambda _: True
        self.listeners.append(listener)

    @classmethod
    def of(cls, logger: logging.Logger) -> ListenedTo:
        """Return the filter of a logger, or a new one."""
        known = next((one for one in logger.filters if isinstance(one, cls)), None)
        return known or cls(logger)

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass a record to the listeners, and return whether to print it."""
        for listener in self.listeners:
            listener.listen(record)
        return type(self._logger).isEnabledFor(self._logger, record.levelno)

    def leave(self, listener: LogListener) -> None:
        """Remove a listener; after the last one the logger is restored."""
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
    try:
        yield record.getMessage()
    except Exception:  # noqa: BLE001  # the arguments may not fit the message
        yield str(record.msg)
    if record.exc_info and record.exc_info[1] is not None:
        yield texts_of(record.exc_info[1])
    extra: dict[str, Any] = {k: v for k, v in vars(record).items() if k not in _USUAL}
    yield from (value for value in extra.values() if isinstance(value, str))
