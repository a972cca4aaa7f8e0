"""The suite: one module for each group of clauses; `DatabaseServiceContract` is all of them."""

from __future__ import annotations

from gofannon_conformance.suite.api import ApiTests
from gofannon_conformance.suite.asynchronous import AsyncTests
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk.exact import BulkExactTests
from gofannon_conformance.suite.bulk.saving import BulkSavingTests
from gofannon_conformance.suite.bulk.tests import BulkTests
from gofannon_conformance.suite.concurrency.tests import ConcurrencyTests
from gofannon_conformance.suite.delete import DeleteTests
from gofannon_conformance.suite.durability.tests import DurabilityTests
from gofannon_conformance.suite.errors import ErrorTests
from gofannon_conformance.suite.faults.optional.tests import OptionalFaultTests
from gofannon_conformance.suite.faults.tests import FaultTests
from gofannon_conformance.suite.fidelity.tests import FidelityTests
from gofannon_conformance.suite.find.reach import FindReachTests
from gofannon_conformance.suite.find.tests import FindTests
from gofannon_conformance.suite.get import GetTests
from gofannon_conformance.suite.ids import IdTests
from gofannon_conformance.suite.index.tests import IndexTests
from gofannon_conformance.suite.isolation import IsolationTests
from gofannon_conformance.suite.listing import ListTests
from gofannon_conformance.suite.model import ModelTests
from gofannon_conformance.suite.save.callers_dict import CallersDictTests
from gofannon_conformance.suite.save.refusals import RefusalTests
from gofannon_conformance.suite.save.revisions import RevisionTests
from gofannon_conformance.suite.save.tests import SaveTests
from gofannon_conformance.suite.schemas import SchemaTests

__all__ = ["ContractTests", "DatabaseServiceContract", "clause"]


class DatabaseServiceContract(
    ApiTests,
    GetTests,
    SaveTests,
    CallersDictTests,
    RefusalTests,
    RevisionTests,
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
    BulkSavingTests,
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
