"""Payloads decoded into columns, with the message's own fields hidden beside them."""

import json

import pytest
from streams import available_now, reader

DRAIN = {"drainIdleMs": "1000"}
JSON = {"payloadFormat": "json", **DRAIN}
SCHEMA = "id BIGINT, name STRING, tags ARRAY<STRING>, at TIMESTAMP, price DECIMAL(10,2)"


def records(n):
    return [
        {"id": i, "name": f"n{i}é", "tags": ["a"] * (i % 3), "at": "2026-01-02T03:04:05Z",
         "price": f"{i}.25"}
        for i in range(n)
    ]  # fmt: skip


def published(subscription, n):
    return subscription.publish([json.dumps(r).encode() for r in records(n)])


@pytest.mark.matrix
def test_declared_columns_are_decoded(spark, subscription, start):
    published(subscription, 100)
    rows = available_now(start, reader(spark, subscription, SCHEMA, **JSON)).rows
    found = sorted(rows, key=lambda row: row.id)
    assert [(r.id, r.name, r.tags, str(r.price)) for r in found] == [
        (r["id"], r["name"], r["tags"], r["price"]) for r in records(100)
    ]
    assert {r["at"].isoformat() for r in found} == {"2026-01-02T03:04:05"}
    assert subscription.unacked() == 0


@pytest.mark.matrix
def test_the_messages_fields_are_hidden_columns(spark, subscription, start):
    if spark.version.startswith("3."):
        pytest.skip("streams have no metadata columns before Spark 4.0")
    ids = published(subscription, 10)
    frame = reader(spark, subscription, SCHEMA, **JSON)
    assert "message_id" not in frame.columns
    frame = frame.select("id", "message_id", "payload", "ordering_key")
    rows = sorted(available_now(start, frame).rows, key=lambda row: row.id)
    assert [row.message_id for row in rows] == ids
    assert json.loads(bytes(rows[3].payload))["id"] == 3


def test_only_hidden_columns(spark, subscription, start):
    ids = published(subscription, 10)
    frame = reader(spark, subscription, SCHEMA, **JSON).select("message_id")
    assert sorted(row.message_id for row in available_now(start, frame).rows) == sorted(ids)


@pytest.mark.matrix
def test_corrupt_records_keep_their_text(spark, subscription, start):
    subscription.publish([b'{"id": 1}', b"{broken", b'{"id": "no number"}'])
    frame = reader(spark, subscription, "id BIGINT, _corrupt_record STRING", **JSON)
    rows = {row["_corrupt_record"]: row.id for row in available_now(start, frame).rows}
    assert rows == {None: 1, "{broken": None, '{"id": "no number"}': None}


def test_corrupt_records_say_why(spark, subscription, start):
    subscription.publish([b'{"id": 1}', b"{broken", b'{"id": "no number"}'])
    schema = "id BIGINT, _corrupt_record STRING, why STRING"
    frame = reader(spark, subscription, schema, columnNameOfCorruptReason="why", **JSON)
    frame = frame.select("_corrupt_record", "why")
    rows = {row["_corrupt_record"]: row.why for row in available_now(start, frame).rows}
    assert rows[None] is None
    assert rows["{broken"].startswith("record: ")
    assert rows['{"id": "no number"}'] == 'id: expected BIGINT, got string "no number"'


def test_sparks_options_for_json_reach_the_decoder(spark, subscription, start):
    subscription.publish([b"{id: 007, at: '2 Jan 2026 3:04 am'} // seven", b"{id: 08}"])
    allowed = dict.fromkeys(
        ("allowUnquotedFieldNames", "allowNumericLeadingZeros", "allowComments"), "true"
    )
    times = {"timeZone": "+01:00", "timestampFormat": "d MMM yyyy h:mm a"}
    frame = reader(spark, subscription, "id BIGINT, at TIMESTAMP", **times, **allowed, **JSON)
    rows = sorted(available_now(start, frame).rows)
    assert [row.id for row in rows] == [7, 8]
    assert rows[0]["at"].isoformat() == "2026-01-02T02:04:00"


def test_a_pattern_that_is_not_built_fails_the_start(spark, subscription, start):
    frame = reader(spark, subscription, "at TIMESTAMP", timestampFormat="EEEE", **JSON)
    with pytest.raises(Exception, match='option timestampFormat: the pattern "EEEE"'):
        available_now(start, frame)


def test_malformed_records_are_dropped_and_acked(spark, subscription, start):
    subscription.publish([b'{"id": 1}', b"{broken", b"{}"])
    frame = reader(spark, subscription, "id BIGINT", mode="DROPMALFORMED", **JSON)
    assert sorted(str(row.id) for row in available_now(start, frame).rows) == ["1", "None"]
    assert subscription.unacked() == 0


def test_a_bad_record_under_failfast_names_its_message(spark, subscription, start):
    bad = subscription.publish([b'{"id": 1}', b"{broken"])[1]
    frame = reader(spark, subscription, "id BIGINT", mode="FAILFAST", **JSON)
    with pytest.raises(Exception) as failure:
        available_now(start, frame)
    assert bad in str(failure.value)


def test_text_payloads_that_are_not_utf8_are_null(spark, subscription, start):
    subscription.publish([b"good", b"\xff\xfe"])
    frame = reader(spark, subscription, payloadType="string", **DRAIN)
    found = [row.payload for row in available_now(start, frame).rows]
    assert sorted(found, key=str) == [None, "good"]
