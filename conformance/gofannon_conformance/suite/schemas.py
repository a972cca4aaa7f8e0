"""SCH: the documents of the application."""

from __future__ import annotations

from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.schemas import schema_documents, schema_examples
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

ROUNDS = 200
READ_EVERY = 20

PRICES = (0.05, 87.50, 0.1, 0.2, 0.30000000000000004, 19.99, 0.01, 1234567.89, 100.0, 1e-05, 2.675)
"""Money as floats, with some that show when a store rounds."""

WALKS = (
    ("pending", "processing", "completed"),
    ("pending", "processing", "failed"),
    ("pending", "failed"),
)


class SchemaTests(ContractTests):
    """The documents of the seven collections, and what the application does with them."""

    @clause("SCH-1")
    def test_agents(self, kit: Kit) -> None:
        _prove(kit, "agents", "SCH-1")

    @clause("SCH-2")
    def test_deployments(self, kit: Kit) -> None:
        _prove(kit, "deployments", "SCH-2")

    @clause("SCH-3")
    def test_users(self, kit: Kit) -> None:
        _prove(kit, "users", "SCH-3")

    @clause("SCH-4")
    def test_sessions(self, kit: Kit) -> None:
        _prove(kit, "sessions", "SCH-4")

    @clause("SCH-5")
    def test_tickets(self, kit: Kit) -> None:
        _prove(kit, "tickets", "SCH-5")

    @clause("SCH-6")
    def test_demos(self, kit: Kit) -> None:
        _prove(kit, "demos", "SCH-6")

    @clause("SCH-7")
    def test_agent_data_store(self, kit: Kit) -> None:
        _prove(kit, "agent_data_store", "SCH-7")

    @clause("SCH-8")
    def test_messages_of_a_session_grow(self, kit: Kit) -> None:
        session: dict[str, Any] = {"user_id": "user_google_1", "messages": [], "metadata": {"n": 0}}

        def change(doc: dict[str, Any], n: int) -> None:
            role = "user" if n % 2 else "assistant"
            doc["messages"].append({"role": role, "content": f"message {n}", "n": n})
            doc["metadata"] = {"n": n}

        _grow(kit.logical("sessions"), "session_abc123", session, ("messages",), change)

    @clause("SCH-8")
    def test_usage_of_a_user_grows_to_the_cent(self, kit: Kit) -> None:
        user: dict[str, Any] = {
            "basic_info": {"display_name": "User One", "email": "one@example.com"},
            "usage_info": {"monthly_allowance": 100.0, "spend_remaining": 87.50, "usage": []},
        }

        prices = [PRICES[n % len(PRICES)] for n in range(ROUNDS)]
        remaining = list(accumulate(prices, sub, initial=87.50))[1:]

        def change(doc: dict[str, Any], n: int) -> None:
            entry = {"timestamp": f"2024-01-15T10:{n % 60:02}:00Z", "response_cost": prices[n]}
            doc["usage_info"]["usage"].append(entry)
            doc["usage_info"]["spend_remaining"] = remaining[n]

        _grow(kit.logical("users"), "user_google_1", user, ("usage_info", "usage"), change)

    @clause("SCH-9")
    def test_ticket_walks_through_its_states(self, kit: Kit) -> None:
        collection = kit.logical("tickets")
        for number, walk in enumerate(WALKS):
            doc_id = f"ticket_{number}"
            expected: dict[str, Any] = {
                "request": {"agent_id": "agent-id", "input": {"query": "…"}},
                "result": None,
                "error": None,
            }
            for step, status in enumerate(walk):
                expected["status"] = status
                expected["updated_at"] = f"2024-01-15T10:3{number}:0{step}Z"
                if status == "completed":
                    expected["result"] = {"output": {"results": [1, "a"]}, "cost": 0.05}
                if status == "failed":
                    expected["error"] = "it did not work"
                    del expected["result"]
                answers.round_trip(collection, doc_id, expected, "SCH-9", saving="SCH-9")
                answer = collection.list_all()
                for doc in answers.listed(answer, "SCH-9"):
                    if doc["_id"] == doc_id:
                        answers.check_document(answer, doc, doc_id, expected, "SCH-9")


def _grow(
    collection: Collection,
    doc_id: str,
    expected: dict[str, Any],
    place: tuple[str, ...],
    change: Callable[[dict[str, Any], int], None],
) -> None:
    """Read, change and save a document many times; `place` is where its list must be."""
    answers.saved(collection.save(doc_id, expected), "SCH-8")
    for n in range(ROUNDS):
        doc = answers.returned(collection.get(doc_id), "SCH-8", "the document was saved")
        if not isinstance(_at(doc, *place), list):
            answers.stored(collection, doc_id, expected, "SCH-8")
        change(doc, n)
        change(expected, n)
        answers.saved(collection.save(doc_id, doc), "SCH-8")
        if n % READ_EVERY == 0 or n == ROUNDS - 1:
            answers.stored(collection, doc_id, expected, "SCH-8")


def _at(value: Any, *path: str) -> Any:
    """Return the value at a place in a document, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _prove(kit: Kit, name: str, clause_id: str) -> None:
    collection = kit.logical(name)

    def check(doc: dict[str, Any]) -> None:
        doc_id = kit.fresh(doc.get("_id") or name)
        answers.saved(collection.save(doc_id, doc), clause_id)
        answers.holds(collection, {doc_id: doc}, clause_id)

    with kit.cases() as cases:
        for label, doc in schema_examples(name).items():
            with cases.case(label):
                kit.begin()
                check(doc)
    kit.prove(check, doc=schema_documents(name))
