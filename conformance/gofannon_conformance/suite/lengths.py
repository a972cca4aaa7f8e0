"""Texts of a given length that a store cannot make shorter."""

from __future__ import annotations

from random import Random


def incompressible(number: int, length: int) -> str:
    """Give the text of a number: a store that compresses holds it at half its length at best.

    >>> incompressible(1, 12), len(incompressible(2, 12_345))
    ('f5b1652258b7', 12345)
    """
    return Random(number).randbytes(length // 2 + 1).hex()[:length]  # noqa: S311  # no secret
