"""The backend for PostgreSQL."""

from gofannon_backends.postgresql.service import PostgreSQLService

__all__ = ["PostgreSQLService"]
