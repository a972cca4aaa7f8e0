"""A proxy between a service and its server, which can do what networks and servers do at worst.

>>> with Proxy("127.0.0.1", 5984, protocol="http") as proxy:
...     proxy.arm(Refuse())
...     proxy.clear()
"""

from gofannon_conformance.faults.faults import (
    Cut,
    Delay,
    Drip,
    Drop,
    Fault,
    Instead,
    Manner,
    Mute,
    Refuse,
    Reorder,
)
from gofannon_conformance.faults.framing import Reply
from gofannon_conformance.faults.proxy import Counts, Exchange, Proxy

__all__ = [
    "Counts",
    "Cut",
    "Delay",
    "Drip",
    "Drop",
    "Exchange",
    "Fault",
    "Instead",
    "Manner",
    "Mute",
    "Proxy",
    "Refuse",
    "Reorder",
    "Reply",
]
