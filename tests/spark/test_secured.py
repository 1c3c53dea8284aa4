"""A service behind TLS whose certificate an authority of one's own has signed."""

import contextlib

import pytest
from secured import Authority, SecuredServer, TokenServer, service_account
from streams import available_now, numbered
from test_failures import failure_of


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "ours")


@pytest.fixture
def secured(authority, emulator, tmp_path):
    server_file = authority.server_file(tmp_path)
    with contextlib.closing(SecuredServer(server_file, emulator.port)) as server:
        yield server


@pytest.fixture
def options(subscription, secured, tmp_path):
    """All but caFile."""
    return {
        "subscriptionId": subscription.path,
        "endpoint": secured.endpoint,
        "credentialsFile": str(service_account(tmp_path / "account.json")),
        "drainIdleMs": "1000",
    }


def test_a_stream_reads_and_acks_through_tls(spark, subscription, start, options, authority):
    subscription.publish(numbered(1000))
    frame = spark.readStream.format("pubsub-native").options(**options)
    rows = available_now(start, frame.option("caFile", str(authority.file)).load()).rows
    assert sorted(row.payload for row in rows) == sorted(numbered(1000))
    assert subscription.unacked() == 0


def test_a_batch_reads_through_tls(spark, subscription, options, authority):
    subscription.publish(numbered(10))
    frame = spark.read.format("pubsub-native").options(**options)
    assert frame.option("caFile", str(authority.file)).load().count() == 10


@pytest.mark.parametrize("trusted", ["another authority", "the system's", "no file"])
def test_who_does_not_trust_the_server_cannot_start(spark, start, options, tmp_path, trusted):
    if trusted == "another authority":
        options["caFile"] = str(Authority(tmp_path, "stranger").file)
    elif trusted == "no file":
        options["caFile"] = str(tmp_path / "none.pem")
    frame = spark.readStream.format("pubsub-native").options(**options).load()
    said = failure_of(start(frame.writeStream.format("noop")))
    assert options["endpoint"] in said
    if trusted == "no file":
        assert "none.pem cannot be read: No such file" in said
    else:
        assert "caFile" in said


SCOPE = "https://www.googleapis.com/auth/pubsub"


@pytest.mark.parametrize("refuse", [False, True])
def test_tokens_come_from_the_key_files_server(
    spark, subscription, start, options, authority, tmp_path, refuse
):
    subscription.publish(numbered(10))
    options["caFile"] = str(authority.file)
    options["credentialsScopes"] = SCOPE
    with contextlib.closing(TokenServer(refuse)) as tokens:
        service_account(tmp_path / "account.json", token_uri=tokens.url)
        frame = spark.readStream.format("pubsub-native").options(**options).load()
        if refuse:
            assert "no such account" in failure_of(start(frame.writeStream.format("noop")))
        else:
            assert len(available_now(start, frame).rows) == 10
        assert {claim["scope"] for claim in tokens.claims} == {SCOPE}
