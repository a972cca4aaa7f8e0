"""How many documents to ask for at once, where a store counts them and does not weigh them."""

from typing import Final

PAGE_BYTES: Final = 2 * 1024 * 1024
"""What a page should come to, as it is on the wire; in Python it is several times that."""

_FIRST: Final = 64
_GROWTH: Final = 4


class PageSize:
    """The number of documents for the next page, at most `most`: as many as the last ones suggest.

    It begins low and grows step by step, for large documents may come first, or after small ones.
    """

    def __init__(self, most: int) -> None:
        self.count = min(most, _FIRST)
        self._most = most

    def learn(self, count: int, size: int) -> None:
        """Take in that a page of so many documents came to so many bytes; none says nothing."""
        if count:
            fitting = PAGE_BYTES * count // max(size, 1)
            self.count = max(1, min(fitting, self.count * _GROWTH, self._most))
