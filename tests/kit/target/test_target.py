"""The claims of a target, and the errors for wrong ones."""

from types import SimpleNamespace

import pytest

from gofannon_conformance.target import Capabilities, ExpectedFailure, Target
from gofannon_conformance.target.target import claims_of
from gofannon_conformance.usage import UsageError, nearest


@pytest.mark.parametrize(
    "written",
    [Capabilities(revisions=True), {"revisions": True}, {"revisions"}, ["revisions"]],
)
def test_capabilities_are_written_as_a_value_a_dict_or_names(written):
    assert Capabilities.of(written) == Capabilities(revisions=True)
    assert Capabilities.of(None) == Capabilities() == Capabilities.of({"conflicts": None})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"revision"}, "there is no capability 'revision'; did you mean 'revisions'?"),
        ({"conflicts": "yes"}, "capability 'conflicts' must be True, False or None, not 'yes'"),
        ({3: True}, "there is no capability 3; known: revisions, conflicts, persistent"),
        ("revisions", "capabilities must be a Capabilities, a dict or a set of names"),
        (5, "capabilities must be a Capabilities, a dict or a set of names, not 5"),
    ],
)
def test_wrong_capabilities(written, message):
    with pytest.raises(UsageError, match=f"^{message.replace('?', '[?]')}"):
        Capabilities.of(written)


def test_claims_are_read_from_attributes():
    def drop(service, name): ...

    listed = ExpectedFailure(reason="known", example="test_x:abc")

    claims = claims_of(
        SimpleNamespace(
            server="couchdb",
            dialect="overview",
            disposable=True,
            secrets="s3cret",
            drop=drop,
            capabilities={"conflicts"},
            expected_failures={"DOC-7": "no arrays in arrays", "GET-1": listed},
        )
    )
    assert Target(name="t", connect=dict, **claims) == Target(
        name="t",
        connect=dict,
        server="couchdb",
        dialect="overview",
        disposable=True,
        secrets=("s3cret",),
        drop=drop,
        capabilities=Capabilities(conflicts=True),
        expected_failures={"DOC-7": ExpectedFailure(reason="no arrays in arrays"), "GET-1": listed},
    )
    assert Target(name="t", connect=dict, **claims_of(None)) == Target(name="t", connect=dict)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"dialect": "overveiw"}, "there is no dialect 'overveiw'; did you mean 'overview'?"),
        ({"dialect": 7}, "there is no dialect 7; known: interface, overview"),
        (
            {"server": ["couchdb"]},
            ("server must be a name (see `doctor`) or a function that starts one, not ['couchdb']"),
        ),
        ({"expected_failures": {"GET-1": " "}}, "expected_failures['GET-1'] must give a reason"),
        ({"expected_failures": {"GET-1": None}}, "expected_failures['GET-1'] must give a reason"),
        (
            {"expected_failures": {"GET-1": ExpectedFailure(reason="")}},
            "expected_failures['GET-1'] must give a reason",
        ),
        (
            {"expected_failures": ["GET-1"]},
            "expected_failures must be a dict of clause id to reason, not list",
        ),
    ],
)
def test_wrong_claims(attributes, message):
    with pytest.raises(UsageError) as raised:
        claims_of(SimpleNamespace(**attributes))
    assert str(raised.value) == message


def test_secrets_are_the_targets_and_the_endpoints():
    endpoint = SimpleNamespace(secrets=("of the endpoint", ""))
    declared = Target(name="t", connect=dict, secrets=("own", ""))
    computed = Target(name="t", connect=dict, secrets=lambda e: [e.secrets[0].upper()])
    assert set(declared.secrets_of(endpoint)) == {"own", "of the endpoint"}
    assert set(computed.secrets_of(endpoint)) == {"OF THE ENDPOINT", "of the endpoint"}
    assert declared.secrets_of(None) == ("own",)


def test_nearest_word():
    assert nearest("memry", ["memory", "couchdb"]) == "; did you mean 'memory'?"
    assert nearest("x", ["memory", "couchdb"]) == "; known: memory, couchdb"
    assert nearest("x", []) == ""
