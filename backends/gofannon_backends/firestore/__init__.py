"""The backend for Google Cloud Firestore."""

from gofannon_backends.firestore.service import FirestoreService

__all__ = ["FirestoreService"]
