"""The errors: their status, the names in them, and text that can always be sent."""

import json

import pytest
from fastapi import HTTPException

from gofannon_backends.base import errors

KINDS = [
    (errors.not_found("agents", "a1"), 404),
    (errors.conflict("agents", "a1"), 409),
    (errors.bad_request("agents", "a1", why="because"), 400),
    (errors.refused("agents", "a1", why="because"), 422),
    (errors.too_large("agents", "a1", why="because"), 413),
    (errors.too_many_requests("agents", "a1", code="Throttled"), 429),
    (errors.store_failed("agents", "a1", code="XX000"), 500),
    (errors.unavailable("agents", "a1", code="Gone"), 503),
    (errors.timed_out("agents", "a1", code="Late"), 504),
    (errors.credentials_refused("agents", "a1", code="28P01"), 503),
    (errors.closed("agents", "a1"), 503),
]


@pytest.mark.parametrize(("error", "status"), KINDS)
def test_each_kind_has_its_status_and_names_collection_and_document(error, status):
    assert type(error) is HTTPException
    assert error.status_code == status
    assert "'a1'" in error.detail
    assert "'agents'" in error.detail


def test_the_clients_code_is_shown_if_there_is_one():
    assert "(28P01)" in errors.unavailable("agents", "a1", code="28P01").detail
    assert "(" not in errors.unavailable("agents", "a1").detail


def test_a_failure_of_a_whole_collection_names_the_collection_only():
    assert errors.unavailable("agents").detail.startswith("collection 'agents':")


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "line\nbreak", "x" * 10_000, "é" * 300])
def test_every_name_can_be_sent_and_has_a_bounded_length(name):
    detail = errors.not_found("agents", name).detail
    assert len(detail) < 400
    assert detail.isprintable()
    json.dumps({"detail": detail}, ensure_ascii=False).encode()


def test_the_length_of_a_long_name_is_shown():
    assert "10000 characters" in errors.shown("x" * 10_000)


def test_only_the_type_of_another_value_is_shown():
    assert errors.shown({"password": "s3cret"}) == "<dict>"
