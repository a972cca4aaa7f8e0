"""The stores that the kit can find a server for, by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Final

from gofannon_conformance.servers.provider import Provider

STORES: Final = ("couchdb", "dynamodb", "firestore", "postgresql")


def stores() -> tuple[str, ...]:
    """Return the names of the stores, without variants."""
    return STORES


def provider(name: str) -> Provider:
    """Return the provider of that name, or raise a `ValueError` that suggests the nearest."""
    store, _, way = name.partition(":")
    if store not in STORES:
        near = get_close_matches(store, STORES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(STORES)}"
        raise ValueError(f"there is no server provider {name!r}{hint}")
    whole = _whole(store)
    return whole.variant(way) if way else whole


@cache
def _whole(store: str) -> Provider:
    module = import_module(f"gofannon_conformance.servers.{store}")
    return Provider(name=store, ways=module.WAYS)
