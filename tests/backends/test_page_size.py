"""Pages whose size follows that of the documents in them."""

from gofannon_backends._page_size import PAGE_BYTES, PageSize


def test_small_documents_make_larger_pages_up_to_the_most():
    size = PageSize(500)
    counts = []
    for _ in range(4):
        counts.append(size.count)
        size.learn(size.count, size.count * 100)
    assert counts == [64, 256, 500, 500]


def test_large_documents_make_smaller_pages_at_once():
    size = PageSize(500)
    size.learn(64, 64 * PAGE_BYTES // 4)
    assert size.count == 4


def test_a_page_has_a_document_however_large():
    size = PageSize(500)
    size.learn(1, 100 * PAGE_BYTES)
    assert size.count == 1


def test_no_page_is_larger_than_was_asked_for():
    assert PageSize(2).count == 2


def test_an_empty_page_teaches_nothing():
    size = PageSize(500)
    size.learn(0, 60)
    assert size.count == 64


def test_pages_of_large_documents_stay_small_on_couchdb(double, couchdb):
    for number in range(80):
        double.put("agents", f"{number:02}", {"text": "x" * 200_000})
    assert len(list(couchdb.iter_all("agents"))) == 80
    assert [asked.query["limit"] for asked in double.asked] == ["65", "11", "11"]
