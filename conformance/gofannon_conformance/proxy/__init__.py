"""A proxy between a service and its server that injects faults.

>>> with Proxy("127.0.0.1", 5984, protocol="http") as proxy:
...     proxy.arm(Refuse())
...     proxy.clear()
"""

from gofannon_conformance.proxy.control import Exchange
from gofannon_conformance.proxy.faults import (
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
from gofannon_conformance.proxy.framing import Reply
from gofannon_conformance.proxy.proxy import Proxy

__all__ = [
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
