"""Many documents per request: which documents a request has, and the entries after failures.

The conformance suite tests that the results equal those of one call per document.
"""

import pytest
from store_calls import oks

from gofannon_backends.base import bulk, errors


class TestChunks:
    """`_bulk.saved`, on a store that records the requests."""

    def saved(self, docs, at_once=lambda ids: ids, *, size=1, most=3):
        requests = []

        def ready(doc):
            if doc["_id"] == "unfit":
                raise errors.refused("c", "unfit", why="it is")
            return bulk.Ready(doc["_id"], doc, size)

        def save_at_once(chunk):
            requests.append([one.doc_id for one in chunk])
            return at_once(requests[-1])

        def save(doc):
            requests.append(doc["_id"])
            return {"id": doc["_id"], "rev": "alone"}

        docs = [{"_id": doc_id} for doc_id in docs]
        return bulk.saved(docs, ready, save_at_once, save, most=most), requests

    @pytest.mark.parametrize(
        ("ids", "options", "requests"),
        [
            pytest.param("abcdefg", {}, [["a", "b", "c"], ["d", "e", "f"], ["g"]], id="most"),
            pytest.param("", {}, [], id="no-document"),
            pytest.param(["unfit"], {}, [], id="only-refused-documents"),
            pytest.param(
                "aababb", {"most": 9}, [["a"], ["a", "b"], ["a", "b"], ["b"]], id="no-id-twice"
            ),
            pytest.param(
                "abcde",
                {"size": 600_000, "most": 9},
                [["a", "b"], ["c", "d"], ["e"]],
                id="the-document-that-makes-it-large-is-the-last",
            ),
        ],
    )
    def test_documents_per_request(self, ids, options, requests):
        entries, sent = self.saved(ids, **options)
        assert sent == requests
        assert [entry["id"] for entry in entries] == [*ids]

    def test_a_refused_document_is_in_no_request(self):
        entries, requests = self.saved(["a", "unfit", "b"])
        assert requests == [["a", "b"]]
        assert oks(entries) == [True, False, True]
        assert entries[1]["id"] == "unfit"

    def test_a_document_that_is_left_out_is_saved_alone_before_the_next_request(self):
        entries, requests = self.saved("abcd", lambda ids: [None if i == "b" else i for i in ids])
        assert requests == [["a", "b", "c"], "b", ["d"]]
        assert [entry["rev"] for entry in entries] == ["a", "alone", "c", "d"]

    def test_the_documents_of_a_refused_request_are_saved_alone(self):
        def refuses(ids):
            if "b" in ids:
                raise errors.too_large("c", None, why="so many")
            return ids

        entries, requests = self.saved("abcd", refuses)
        assert requests == [["a", "b", "c"], "a", "b", "c", ["d"]]
        assert oks(entries) == [True] * 4

    @pytest.mark.parametrize("failure", [errors.unavailable, errors.too_many_requests])
    def test_after_a_failure_of_the_store_nothing_more_is_sent(self, failure):
        def fails(ids):
            raise failure("c")

        entries, requests = self.saved("abcd", fails)
        assert requests == [["a", "b", "c"]]
        assert oks(entries) == [False] * 4
        assert [entry["error"].startswith("not tried") for entry in entries] == [False] * 3 + [True]
