"""Pages whose number of documents follows from the documents' size."""

import pytest

from gofannon_backends.base.page_size import PAGE_BYTES, PageSize


def test_small_documents_make_larger_pages_up_to_the_most():
    size = PageSize(500)
    counts = []
    for _ in range(4):
        counts.append(size.count)
        size.learn(size.count, size.count * 100)
    assert counts == [64, 256, 500, 500]


@pytest.mark.parametrize(
    ("most", "count", "size", "next_count"),
    [
        pytest.param(500, 64, 64 * PAGE_BYTES // 4, 4, id="large-documents"),
        pytest.param(500, 1, 100 * PAGE_BYTES, 1, id="at-least-one"),
        pytest.param(500, 0, 60, 64, id="an-empty-page"),
        pytest.param(2, 0, 0, 2, id="at-most"),
    ],
)
def test_the_next_page_follows_the_last(most, count, size, next_count):
    page_size = PageSize(most)
    page_size.learn(count, size)
    assert page_size.count == next_count
