"""Fixtures for the tests of the application layer."""

import pytest

from gofannon_backends.factory import reset_database_service
from gofannon_backends.settings import Settings


@pytest.fixture
def no_settings(monkeypatch, tmp_path):
    """No database setting, an empty working directory, and no service of the application."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    reset_database_service()
    yield
    reset_database_service()
