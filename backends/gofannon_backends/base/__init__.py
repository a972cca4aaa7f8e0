"""What the backends share: the interface, documents, errors, encoding, bulk methods."""

from gofannon_backends.base.service import DatabaseService

__all__ = ["DatabaseService"]
