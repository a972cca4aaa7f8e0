"""The number of documents per page, for a store that limits pages by count and not by size."""

from typing import Final

PAGE_BYTES: Final = 2 * 1024 * 1024
"""The size on the wire that a page should have; in Python it takes several times that."""

_FIRST: Final = 64
_GROWTH: Final = 4


class PageSize:
    """The number of documents for the next page, at most `most`, estimated from the last page.

    It starts low and grows in steps: large documents may come first, or after small ones.
    """

    def __init__(self, most: int) -> None:
        self.count = min(most, _FIRST)
        self._most = most

    def learn(self, count: int, size: int) -> None:
        """Adapt to a page of so many documents and bytes; an empty page changes nothing."""
        if count:
            fitting = PAGE_BYTES * count // max(size, 1)
            self.count = max(1, min(fitting, self.count * _GROWTH, self._most))
