"""A missing library is an error that names the extra to install."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from gofannon_backends import api, observability, settings
from gofannon_backends.factory import open_database_service
from gofannon_backends.settings import Settings


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        (settings, "pydantic_settings", "settings"),
        (api, "uvicorn", "api"),
        (observability, "opentelemetry.metrics", "telemetry"),
    ],
)
def test_a_module_without_its_library_names_its_extra(module, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    spec = spec_from_file_location("a_copy", module.__file__)
    with pytest.raises(ModuleNotFoundError, match=rf"'gofannon-conformance\[{extra}\]'"):
        spec.loader.exec_module(module_from_spec(spec))


@pytest.mark.parametrize(
    ("provider", "library"),
    [
        ("couchdb", "couchdb"),
        ("dynamodb", "boto3.session"),
        ("firestore", "firebase_admin"),
        ("postgresql", "psycopg"),
    ],
)
def test_a_provider_without_its_library_names_its_extra(provider, library, monkeypatch):
    for module in [m for m in sys.modules if m.startswith(f"gofannon_backends.{provider}")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    complete = Settings(
        _env_file=None,
        DATABASE_PROVIDER=provider,
        COUCHDB_URL="http://joe:s3cret@localhost:1",
        POSTGRES_URL="postgresql://h/d",
    )
    with pytest.raises(
        ModuleNotFoundError, match=rf"'gofannon-conformance\[{provider}\]'"
    ) as error:
        open_database_service(complete)
    assert error.value.name.startswith(library.partition(".")[0])
