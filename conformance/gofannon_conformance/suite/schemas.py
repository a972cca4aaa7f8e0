"""SCH: the application's own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.schemas import schema_documents, schema_examples
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit

ROUNDS = 200
READ_EVERY = 20

PRICES = (0.05, 87.50, 0.1, 0.2, 0.30000000000000004, 19.99, 0.01, 1234567.89, 100.0, 1e-05, 2.675)
"""Money as floats, with those that a rounding store gives away."""

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
        collection = kit.logical("sessions")
        session: dict[str, Any] = {"user_id": "user_google_1", "messages": [], "metadata": {"n": 0}}
        expect.saved(collection.save("session_abc123", session), "SCH-8")
        for n in range(ROUNDS):
            found = collection.get("session_abc123")
            doc = expect.returned(found, "SCH-8", "the session was saved")
            if not isinstance(_at(doc, "messages"), list):
                expect.document(found, "session_abc123", session, "SCH-8")
            message = {"role": "user" if n % 2 else "assistant", "content": f"message {n}", "n": n}
            session["messages"].append(message)
            session["metadata"] = {"n": n}
            doc["messages"].append(dict(message))
            doc["metadata"] = {"n": n}
            expect.saved(collection.save("session_abc123", doc), "SCH-8")
            if n % READ_EVERY == 0 or n == ROUNDS - 1:
                found = collection.get("session_abc123")
                expect.document(found, "session_abc123", session, "SCH-8")

    @clause("SCH-8")
    def test_usage_of_a_user_grows_to_the_cent(self, kit: Kit) -> None:
        collection = kit.logical("users")
        usage: list[dict[str, Any]] = []
        user: dict[str, Any] = {
            "basic_info": {"display_name": "User One", "email": "one@example.com"},
            "usage_info": {"monthly_allowance": 100.0, "spend_remaining": 87.50, "usage": usage},
        }
        expect.saved(collection.save("user_google_1", user), "SCH-8")
        remaining = 87.50
        for n in range(ROUNDS):
            price = PRICES[n % len(PRICES)]
            remaining -= price
            found = collection.get("user_google_1")
            doc = expect.returned(found, "SCH-8", "the user was saved")
            if not isinstance(_at(doc, "usage_info", "usage"), list):
                expect.document(found, "user_google_1", user, "SCH-8")
            entry = {"timestamp": f"2024-01-15T10:{n % 60:02}:00Z", "response_cost": price}
            usage.append(entry)
            user["usage_info"]["spend_remaining"] = remaining
            doc["usage_info"]["usage"].append(dict(entry))
            doc["usage_info"]["spend_remaining"] = remaining
            expect.saved(collection.save("user_google_1", doc), "SCH-8")
            if n % READ_EVERY == 0 or n == ROUNDS - 1:
                found = collection.get("user_google_1")
                expect.document(found, "user_google_1", user, "SCH-8")

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
                expect.saved(collection.save(doc_id, expected), "SCH-9")
                expect.document(collection.get(doc_id), doc_id, expected, "SCH-9")
                listed = expect.listed(collection.list_all(), "SCH-9")
                mine = [d for d in listed if d["_id"] == doc_id]
                for doc in mine:
                    expect.check_document(collection.list_all(), doc, doc_id, expected, "SCH-9")


def _at(value: Any, *path: str) -> Any:
    """Give what is at a place in a document; None if it has no such place."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _prove(kit: Kit, name: str, clause_id: str) -> None:
    collection = kit.logical(name)

    def check(doc: dict[str, Any]) -> None:
        doc_id = kit.fresh(doc.get("_id") or name)
        expect.saved(collection.save(doc_id, doc), clause_id)
        expect.document(collection.get(doc_id), doc_id, doc, clause_id)
        expect.listing(collection.list_all(), {doc_id: doc}, clause_id)

    with kit.cases() as cases:
        for label, doc in schema_examples(name).items():
            with cases.case(label):
                kit.begin()
                check(doc)
    kit.prove(check, doc=schema_documents(name))
