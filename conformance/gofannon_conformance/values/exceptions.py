"""Exceptions as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def texts_of(error: BaseException) -> str:
    """Return the messages of an exception and of its causes, as a traceback shows them.

    Lines of source are left out: `password = settings["password"]` is no secret.
    """
    return "\n".join(map(message_of, (error, *causes_of(error))))


def message_of(error: BaseException) -> str:
    """Return the message and the notes of one exception."""
    return f"{described(str, error)}\n{notes_of(error)}"


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the other exceptions that a traceback shows: causes, contexts, members of a group."""
    seen = {id(error)}
    open_ends = [error]
    while open_ends:
        one = open_ends.pop()
        before = one.__cause__
        if before is None and not one.__suppress_context__:
            before = one.__context__
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        for other in (before, *members):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                open_ends.append(other)
                yield other


def notes_of(error: BaseException) -> str:
    """Return the notes of an exception as text."""
    notes = attribute_of(error, "__notes__")
    return described(repr, notes) if notes else ""


def attribute_of(error: BaseException, name: str) -> Any:
    """Return an attribute of an exception; "" if reading it raises."""
    return described(lambda _: getattr(error, name, None), error)


def described(say: Callable[[Any], Any], thing: Any) -> Any:
    """Return the result of `say` (`str`, `repr`) for an object; "" if it raises."""
    try:
        return say(thing)
    except Exception:  # noqa: BLE001  # an author's class may raise anything
        return ""


def said(error: BaseException) -> str:
    """Return an exception in one line: its type, message, and the last place in its traceback."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  # an author's exception may have a broken `str`
        text = ""
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename).name
        line += f" ({file}, line {trace.tb_lineno})"
    return line if len(line) <= 500 else line[:499] + "…"
