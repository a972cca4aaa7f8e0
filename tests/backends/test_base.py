"""The abstract class: what it demands, and what it gives."""

import pytest

from gofannon_backends.base import DatabaseService

METHODS = ("get", "save", "delete", "list_all")


def _complete():
    def list_all(self, db_name):
        return [{"_id": "a"}, {"_id": "b"}]

    def nothing(self, *_):
        return None

    return {"get": nothing, "save": nothing, "delete": nothing, "list_all": list_all}


@pytest.mark.parametrize("missing", METHODS)
def test_a_class_without_one_of_the_four_cannot_be_instantiated(missing):
    methods = {name: method for name, method in _complete().items() if name != missing}
    incomplete = type("Incomplete", (DatabaseService,), methods)
    with pytest.raises(TypeError, match=missing):
        incomplete()


def test_iter_all_yields_what_list_all_returns():
    service = type("Complete", (DatabaseService,), _complete())()
    assert [document["_id"] for document in service.iter_all("any")] == ["a", "b"]


def test_leaving_the_service_closes_it():
    closings = []
    methods = {**_complete(), "close": lambda service: closings.append(service.__class__)}
    service = type("Closing", (DatabaseService,), methods)()
    with service as entered:
        assert entered is service
        assert closings == []
    assert closings == [type(service)]


def test_an_error_inside_passes_through_the_closing():
    service = type("Complete", (DatabaseService,), _complete())()
    with pytest.raises(KeyError), service:
        raise KeyError("inside")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get", {"db_name": str, "doc_id": str, "return": dict}),
        ("save", {"db_name": str, "doc_id": str, "doc": dict, "return": dict}),
        ("delete", {"db_name": str, "doc_id": str, "return": None}),
        ("list_all", {"db_name": str, "return": list}),
    ],
)
def test_the_methods_are_annotated_as_the_interface_says(method, arguments):
    annotations = getattr(DatabaseService, method).__annotations__
    origins = {name: getattr(kind, "__origin__", kind) for name, kind in annotations.items()}
    assert origins == arguments
