"""The contract as data: its clauses, and the table that a person reads."""

from gofannon_conformance.contract.clauses import Clause, Contract, UnknownClause, load

__all__ = ["Clause", "Contract", "UnknownClause", "load"]
