"""Texts of a given length that a store can hardly compress."""

from __future__ import annotations

from random import Random


def incompressible(number: int, length: int) -> str:
    """Return a text for a number. Compression makes it half as long at best.

    >>> incompressible(1, 12), len(incompressible(2, 12_345))
    ('f5b1652258b7', 12345)
    """
    return Random(number).randbytes(length // 2 + 1).hex()[:length]  # noqa: S311  # no secret
