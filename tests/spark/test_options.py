"""What load() and start() refuse, and with which words. Needs no server."""

import pytest

FULL = "projects/p/subscriptions/s"
SOURCE = {"subscriptionId": FULL, "emulatorHost": "127.0.0.1:1"}

pytestmark = pytest.mark.matrix


def refusal(spark, schema=None, **options):
    """The message with which load() fails."""
    reader = spark.readStream.format("pubsub-native").options(**options)
    if schema:
        reader = reader.schema(schema)
    with pytest.raises(Exception) as failure:
        reader.load()
    return str(failure.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"subscripton": FULL}, "did you mean subscriptionId?"),
        ({**SOURCE, "maxRowPerBatch": "1"}, "did you mean maxRowsPerBatch?"),
        ({**SOURCE, "wibble": "1"}, "the options are projectId, "),
        ({**SOURCE, "path": "/data"}, "load() takes no path"),
        ({"projectId": "p"}, "subscriptionId is missing"),
        ({"subscriptionId": "s"}, "projectId is missing"),
        ({**SOURCE, "projectId": "q"}, "leave projectId out"),
        ({**SOURCE, "endpoint": "e:1"}, "emulatorHost and endpoint"),
        ({**SOURCE, "credentialsFile": "f"}, "emulatorHost and credentialsFile"),
        ({**SOURCE, "credentialsScopes": "s"}, "emulatorHost and credentialsScopes"),
        ({**SOURCE, "exactlyOnce": "true"}, "not built yet"),
        ({**SOURCE, "reservoirBytes": "lots"}, "64m"),
        ({**SOURCE, "mode": "FAILFAST"}, "payloadFormat=json"),
        ({**SOURCE, "payloadFormat": "json"}, "call schema(...)"),
        ({**SOURCE, "payloadFormat": "json", "locale": "de"}, "option locale of Spark's"),
    ],
)
def test_wrong_options_are_refused_by_load(spark, options, words):
    assert words in refusal(spark, **options)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("data BINARY", "there is no column 'data'"),
        ("payload STRING", "payloadType=string"),
        ("message_id STRING, ack_id STRING", "includeAckId=true"),
    ],
)
def test_wrong_schemas_are_refused_by_load(spark, schema, words):
    assert words in refusal(spark, schema, **SOURCE)


def test_the_corrupt_record_column_must_be_a_string(spark):
    words = refusal(spark, "a INT, _corrupt_record INT", **SOURCE, payloadFormat="json")
    assert "_corrupt_record" in words and "STRING" in words


def test_the_default_schema(spark):
    frame = spark.readStream.format("pubsub-native").options(**SOURCE).load()
    assert [(f.name, f.dataType.simpleString(), f.nullable) for f in frame.schema] == [
        ("message_id", "string", True),
        ("publish_time", "timestamp", True),
        ("payload", "binary", True),
        ("attributes", "map<string,string>", True),
        ("ordering_key", "string", True),
    ]


def test_option_names_have_no_case_and_two_columns_are_optional(spark):
    options = {k.upper(): v for k, v in SOURCE.items()} | {
        "payloadtype": "STRING",
        "INCLUDEACKID": "true",
    }
    frame = spark.readStream.format("pubsub-native").options(**options).load()
    assert frame.schema["payload"].dataType.simpleString() == "string"
    assert "ack_id" in frame.columns


def stream(spark, **options):
    return spark.readStream.format("pubsub-native").options(**SOURCE, **options).load()


def failure_of(query):
    with pytest.raises(Exception) as failure:
        query.awaitTermination(60)
    return str(failure.value)


def test_continuous_mode_is_refused(spark, start):
    writer = stream(spark).writeStream.format("memory").queryName("continuous")
    with pytest.raises(Exception) as failure:
        start(writer.trigger(continuous="1 second")).awaitTermination(60)
    assert "ontinuous" in str(failure.value)


def test_async_progress_tracking_is_refused(spark, start):
    if tuple(map(int, spark.version.split(".")[:2])) < (3, 4):
        pytest.skip("not in this version of Spark")
    writer = stream(spark).writeStream.format("noop")
    query = start(writer, asyncProgressTrackingEnabled="true")
    assert "asyncProgressTrackingEnabled is not supported" in failure_of(query)


def test_a_stream_takes_no_acknowledge(spark, start):
    query = start(stream(spark, acknowledge="onRead").writeStream.format("noop"))
    assert "acknowledge=onRead is for batch reads" in failure_of(query)


def test_an_endpoint_that_does_not_answer_fails_the_start(spark, start):
    query = start(stream(spark).writeStream.format("noop"))
    assert "127.0.0.1:1" in failure_of(query)
