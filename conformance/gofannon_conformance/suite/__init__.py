"""The suite: one module for each group of clauses; `DatabaseServiceContract` is all of them."""

from __future__ import annotations

from gofannon_conformance.suite.api import ApiTests
from gofannon_conformance.suite.asynchronous import AsyncTests
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk import BulkTests
from gofannon_conformance.suite.bulk_exact import BulkExactTests
from gofannon_conformance.suite.concurrency import ConcurrencyTests
from gofannon_conformance.suite.delete import DeleteTests
from gofannon_conformance.suite.durability import DurabilityTests
from gofannon_conformance.suite.errors import ErrorTests
from gofannon_conformance.suite.faults import FaultTests
from gofannon_conformance.suite.faults_optional import OptionalFaultTests
from gofannon_conformance.suite.fidelity import FidelityTests
from gofannon_conformance.suite.find import FindTests
from gofannon_conformance.suite.find_reach import FindReachTests
from gofannon_conformance.suite.get import GetTests
from gofannon_conformance.suite.ids import IdTests
from gofannon_conformance.suite.index import IndexTests
from gofannon_conformance.suite.isolation import IsolationTests
from gofannon_conformance.suite.listing import ListTests
from gofannon_conformance.suite.model import ModelTests
from gofannon_conformance.suite.save import SaveTests
from gofannon_conformance.suite.schemas import SchemaTests

__all__ = ["ContractTests", "DatabaseServiceContract", "clause"]


class DatabaseServiceContract(
    ApiTests,
    GetTests,
    SaveTests,
    DeleteTests,
    ListTests,
    IsolationTests,
    IdTests,
    FidelityTests,
    SchemaTests,
    ErrorTests,
    FindTests,
    FindReachTests,
    IndexTests,
    BulkTests,
    BulkExactTests,
    AsyncTests,
    DurabilityTests,
    ConcurrencyTests,
    FaultTests,
    OptionalFaultTests,
    ModelTests,
):
    """Every test of the suite; an author's test class derives from it and says how to connect.

    ```python
    from gofannon_conformance import DatabaseServiceContract


    class TestMyDB(DatabaseServiceContract):
        def connect(self):
            return MyDB("address")
    ```

    A class may also say `name`, `server`, `capabilities`, `expected_failures`, `dialect`,
    `disposable`, `secrets`, `collections`, `drop` and `raw`, as `Target` documents them.
    """
