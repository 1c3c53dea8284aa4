"""Ferrule's JSON decoder against a real Spark's from_json on the same bytes."""

import decimal
import json
import math
import random
import struct

import pyarrow as pa
import pytest
from pyspark.sql import functions as F
from support import json_tool

NUMBERS = """0 -0 -0.0 1 -1 127 128 200 255 256 -128 -129 32767 32768 -32768 -32769
2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 9223372036854775808
-9223372036854775808 -9223372036854775809 99999999999999999999999999 1.0 1.5 1e2 1E2 1e-2
1e400 -1e400 1e-400 0.1 123456789.123456789 3.4028235e38 3.4028236e38 1.17549435e-38
16777217 33554433 1.00000017881393432617187499 4.9e-324 2.4703282292062327e-324 "1" "1.5"
"abc" "" "NaN" "Infinity" "-Infinity" "+Infinity" "INF" "+INF" "-INF" "inf" NaN Infinity
-Infinity +Infinity INF +INF -INF nan true false "true" null {} [] {"x":1} [1] 01 1. +1 .5
- 1e tru "1,234.5" "1e3" ".5" "5." "+7" "0x10" 111111111111111111111111111111
0.00000000000000000000000000000000000001 12345678901234567890123456789012345678
123456789012345678901234567890123456789 0e9999 1e-9999 "1d" "1f" 0.005 0.015
-0.005 99999999.995 99999999.994 1.10 100e-2""".split()

TIMES = """2020-01-01|2020-1-1|2020|2020-01|2020-13-01|2020-02-29|2019-02-29
2020-01-01T00:00:00Z|2020-01-01T00:00:00|2020-01-01 00:00:00.123456789
2020-01-01T00:00:00.1|2020-01-01T00:00:00.|2020-01-01T1:2:3|2020-01-01 12
2020-01-01 12:30|2020-01-01T12:30Z|2020-01-01T24:00:00|2020-01-01T23:59:60
2020-01-01T00:00:00+01:00|2020-01-01T00:00:00 +01:00|2020-01-01T00:00:00+1:00
2020-01-01T00:00:00+01|2020-01-01T00:00:00+0130|2020-01-01T00:00:00+01:3
2020-01-01T00:00:00+18:00|2020-01-01T00:00:00+18:01|2020-01-01T00:00:00+01:30:15
2020-01-01T00:00:00 UTC|2020-01-01T00:00:00UTC+1|2020-01-01T00:00:00GMT+01:00
2020-01-01T00:00:00 GMT|2020-01-01 GMT|2020-01-01T00:00:00 America/New_York
2020-07-01T00:00:00 America/New_York|2020-03-08T02:30:00 America/New_York
2020-11-01T01:30:00 America/New_York|2040-07-01T00:00:00 America/New_York
2040-11-04T01:30:00 America/New_York|2040-03-11T02:30:00 America/New_York
2100-03-14T02:30:00 America/New_York|1850-01-01T00:00:00 Europe/Berlin
1916-05-01T00:00:00 Europe/Berlin|2050-06-01T00:00:00 Europe/Dublin
2050-12-01T00:00:00 Europe/Dublin|2050-06-01T00:00:00 Australia/Lord_Howe
2050-12-01T00:00:00 Australia/Lord_Howe|2020-01-01T00:00:00 Asia/Kolkata
2020-01-01T00:00:00 PST|2020-01-01T00:00:00 EST|2020-01-01T00:00:00 CST
2020-01-01T00:00:00 XYZ|2020-01-01T00:00:00 america/new_york|2020-01-01T00:00:00 ../x
2020-01-01T00:00:00Zz|2020-01-01T00:00:00z|12:00:00Z:|+2020-01-01|-0001-01-01|0000-01-01
0001-01-01|9999-12-31T23:59:59.999999|10000-01-01|294247-01-10T04:00:54.775807Z
294247-01-10T04:00:54.775808Z|-290308-12-21T19:59:05.224192Z
-290308-12-21T19:59:05.224191Z|999999-01-01|1000000-01-01|5881580-07-11|5881580-07-12
-5877641-06-23|-5877641-06-22|1582-10-10|1500-02-29|1900-02-29|2020-01-01T|2020-01-01x
2020-01-01 x| 2020-01-01 |\\t2020-01-01\\n|  2020-01-01T00:00:00Z  |18262|1|123|-5
1234567|12345678|2147483648|abc|2020/01/01|20200101|2020-01-01 00:00:00 Z
2020-01-01T00:00:00.123Z|2020-01-01T00:00:00.123+02:00|2020-01-01T00:00:00.123 Europe/Paris
2020-01-01T00:00:00,123|2020-01-01T00-00-00|2020-01-01T00:00|2020-1-1T1:1:1.1Z|020-01-01
00002020-01-01|2020-001-01|2020-01-01T00:00:00-00:30|2020-01-01T00:00:00+1
2020-01-01T00:00:00+123|2020-01-01T00:00:00UT-03:00|2020-01-01T00:00:00Etc/GMT+3|"""
TIMES = TIMES.replace("\n", "|").split("|")

DAY_TIMES = [
    *("1 02:03:04", "1 2:3:4.5", "-1 02:03:04.123456", "+1 02:03:04", "1 24:00:00", "1"),
    *("1 02:03:60", "1 02:03", "02:03:04", "106751991 04:00:54.775807", "1 days", "P1D"),
    *("106751991 04:00:54.775808", "-106751991 04:00:54.775808", "1 02:03:04.1234567890"),
    *("1 02:03:04.123456789", " 1 02:03:04 ", "1  02:03:04", "", "10", "10.5", "61", "1:2"),
    *("100:02", "-5", "25:00:00", "INTERVAL '1' DAY", "INTERVAL '1 02:03' DAY TO MINUTE"),
    *("INTERVAL '1 02:03:04' DAY TO SECOND", "interval '1 2:3:4.000001' day to second"),
    *("INTERVAL -'1 02:03:04' DAY TO SECOND", "INTERVAL -'-1 02:03:04' DAY TO SECOND"),
    *("INTERVAL '1 02:03:04'DAY TO SECOND", "INTERVAL'1 02:03:04' DAY TO SECOND"),
    *("INTERVAL '10' SECOND", "INTERVAL '61' MINUTE", "INTERVAL '25:00:00' HOUR TO SECOND"),
]

SHAPES = (
    "a INT, b STRING, s STRUCT<x: INT, y: STRING, z: ARRAY<INT>>, l ARRAY<INT>,"
    "m MAP<STRING, INT>, ls ARRAY<STRUCT<x: INT, y: STRING>>,"
    "ms MAP<STRING, STRUCT<x: INT>>, ll ARRAY<ARRAY<INT>>"
)
SHAPED = r"""
{}
[]
null
1
"x"
true
[{"a":1}]
{"a":1}
{"a":1} trailing
{"a":1}{"a":2}
{"a":1,}
{"a":1,"b":"x"
{"a":1 "b":2}
{"a":tru,"b":"x"}
{"a":1,"b":"x
{"a":1,"b":
{"a"
{
}
nonsense
{"A":1}
{"a":1,"a":2}
{"a":1,"a":null}
{"a":1,"a":"x"}
{"a":"x","a":1}
{"a":null,"a":1}
{"l":[1],"l":[2,3]}
{"l":[1],"l":[2,"x"]}
{"s":{"x":1},"s":{"y":"q"}}
{"m":{"k":1},"m":{"k":2}}
{"s":{"x":1,"y":"a","z":[1,2]}}
{"s":{"x":"bad","y":"a","z":[1,2]}}
{"s":{"x":1,"y":"a","z":[1,"bad"]}}
{"s":{}}
{"s":null}
{"s":[]}
{"s":5}
{"s":""}
{"s":{"x":null}}
{"l":[]}
{"l":null}
{"l":[null]}
{"l":[1,null,3]}
{"l":[1,"x",3],"a":5}
{"l":{"a":1}}
{"l":5}
{"m":{}}
{"m":{"k":1,"j":null}}
{"m":{"k":"bad"},"a":7}
{"m":{"k":1,"k2":"bad","k3":3},"a":7}
{"m":[]}
{"m":{"":1}}
{"ls":[{"x":1},{"x":"bad","y":"q"},null],"a":3}
{"ls":[{"x":1},5,{"x":2}],"a":3}
{"ls":[{"x":1},"bad",{"a":9}],"a":3}
{"ms":{"k":{"x":1},"j":{"x":"bad"}},"a":1}
{"ms":{"k":5,"a":{"x":2}},"a":1}
{"ll":[[1],[],null,[2,null]]}
{"ll":[[1],["x"]],"a":2}
{"ll":[1]}
{"b":{"q" : 1, "r":[1, 2 ,{ }]}}
{"b":[ ]}
{"b":{}}
{"b":true}
{"b":12}
{"b":"\u0041\n\t\"\\\/\b\f\r"}
{"b":{"k":"\u0041\n\t\"\\\/\b\f\r\u0001\u001f\u007f\u00e9\u2028"}}
{"b":"\ud800"}
{"b":"\udc00"}
{"b":"\ud800\ud800\udc00"}
{"b":"\ud83d\ude00"}
{"b":"\u0000"}
{"b":"\x"}
{"b":"\u12"}
{"b":"\'"}
{'b':'x'}
{'b':'it\'s'}
{'b':"it's"}
{"b":'a"b'}
{'a':1,'s':{'x':2}}
{b:1}
{"b":"é€😀"}
{"a":1,"_corrupt_record":"x"}
/*c*/{"a":1}
{"a":1,"u":{"deep":[[[{"x":1}]]]}}
{"u":NaN,"a":1}
{"b":"NaN"}
"""
SHAPED = [line.encode() for line in SHAPED.strip().splitlines()]
BYTES = [
    *(b"", b"  ", b"\t", b' \r{"a":1}', b'{"b":"a\tb"}', b'{"b":"a\nb"}', b'{"b":"a\x7fb"}'),
    *(b'{"b":"\xff"}', b'{"b":"\xc3"}', b'{"b":"\xe2\x82"}', b'{"b":"\xe2\x82x"}'),
    *(b'{"b":"\xed\xa0\x80"}', b'{"b":"\xf0\x9f\x98"}', b'{"b":"\xf0\x9f"}'),
    *(b'{"b":"\xf0\x9f\x98x"}', b'{"b":"\xc0\x80"}', b'{"b":"\xf4\x90\x80\x80"}'),
    *(b'{"b":"\xf8\x88\x80\x80\x80"}', b'{"b":"\xe0\x80\x80"}', b'{"b":"\x80\x80"}'),
    *(b'\xef\xbb\xbf{"a":1}', b'{"a":1}\x00', b'\x00{"a":1}', b'{"a":1,\x00"b":"x"}'),
    *(b'{"b":"\x00"}', b'{"a":1}\xff', b'{"\xff":1,"a":2}'),
    *(b'{"b":' + b"[" * n + b"]" * n + b"}" for n in (10, 998, 999, 1000, 1001)),
    *(b'{"a":1,"u":' + b"[" * n + b"]" * n + b"}" for n in (998, 1200)),
]
BASE64 = [
    *("", "aGVsbG8=", "aGVsbG8", "aGVs", "aGVs bG8=", "aGVs\\nbG8=", "aG Vs", "a", "aa", "aa="),
    *("aa==", "aaa=", "aaa", "aa=a", "====", "aGVsbG8==", "-_-_", "aGVsbG8=x", "aGVsbG8= ", "é"),
]


def plain(value):
    """NaN made equal to itself, and -0.0 unlike 0.0; a map as its pairs."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def rows(table):
    """Dates and times as the numbers they are: Python's own cannot hold them all."""
    columns = []
    for column in table.columns:
        kind = column.type
        if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
            column = column.cast(pa.int64())
        elif pa.types.is_date32(kind):
            column = column.cast(pa.int32())
        columns.append([plain(value) for value in column.to_pylist()])
    return list(zip(*columns, strict=True))


def from_json_by(spark, ddl, records, each_options):
    """The rows by each set of options, in one job."""
    data = [(i, bytearray(record)) for i, record in enumerate(records)]
    frame = spark.createDataFrame(data, "i INT, record BINARY").repartition(1).sort("i")
    text = F.col("record").cast("string")
    values = [
        F.from_json(text, ddl, options).alias(f"v{i}") for i, options in enumerate(each_options)
    ]
    table = frame.select("i", *values).toArrow()
    columns = [table.column(f"v{i}").combine_chunks() for i in range(len(values))]
    return [rows(pa.Table.from_struct_array(column)) for column in columns]


def from_json(spark, ddl, records, **options):
    return from_json_by(spark, ddl, records, [options])[0]


def assert_decodes(expected, ddl, records, **options):
    decoded = json_tool.decode(ddl, records, **options)
    assert decoded.table is not None, decoded.error
    actual = rows(decoded.table)
    assert len(actual) == len(expected) == len(records)
    different = [
        (record, "Spark", theirs, "Ferrule", ours)
        for record, theirs, ours in zip(records, expected, actual, strict=True)
        if theirs != ours
    ]
    assert different == []
    # the decoder's own count of bad records is Spark's
    assert decoded.report["bad"] == sum(row[-1] is not None for row in expected)


def assert_same(spark, ddl, records, zone="UTC"):
    ddl += ", _corrupt_record STRING"
    assert_decodes(from_json(spark, ddl, records), ddl, records, zone=zone)


def fields(values):
    return [b'{"a":' + value.encode() + b"}" for value in values]


def quoted(texts):
    return fields(f'"{text}"' for text in texts)


@pytest.mark.parametrize(
    "kind",
    [
        *("TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "BOOLEAN", "BINARY"),
        *("DATE", "TIMESTAMP", "VOID", "DECIMAL(10,2)", "DECIMAL(38,18)", "DECIMAL(38,0)"),
        "DECIMAL(1,1)",
    ],
)
def test_numbers_and_other_tokens(spark, kind):
    assert_same(spark, f"a {kind}", fields(NUMBERS))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "+05:30"])
@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMP_NTZ"])
def test_times_in_text(spark, kind, zone):
    numbers = "0 1577836800 -1 1.5 9223372036854775807 9300000000000 1e3 true null {}".split()
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        assert_same(spark, f"a {kind}", quoted(TIMES) + fields(numbers), zone)
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")


@pytest.mark.parametrize(
    "unit", ["DAY TO SECOND", "DAY", "DAY TO MINUTE", "HOUR TO SECOND", "SECOND", "MINUTE"]
)
def test_day_time_intervals(spark, unit):
    assert_same(spark, f"a INTERVAL {unit}", quoted(DAY_TIMES))


def test_shapes_and_what_is_no_json(spark):
    assert_same(spark, SHAPES, SHAPED)
    assert_same(spark, SHAPES, BYTES)
    assert_same(spark, "a BINARY", quoted(BASE64))


def test_rows_without_a_corrupt_record_column(spark):
    decoded = json_tool.decode(SHAPES, SHAPED)
    assert rows(decoded.table) == from_json(spark, SHAPES, SHAPED)


def test_a_number_in_a_string_keeps_its_text_as_in_sparks_json_source(spark, tmp_path):
    """from_json would write 1.10 anew as 1.1."""
    records = fields(["1.10", "1e2", "-0", "123456789.123456789", "true", "12"])
    (tmp_path / "records.json").write_bytes(b"\n".join(records))
    table = spark.read.schema("a STRING").json(str(tmp_path / "records.json")).toArrow()
    assert rows(json_tool.decode("a STRING", records).table) == rows(table)


def test_failfast_fails_where_spark_does(spark):
    for record in SHAPED:
        ours = json_tool.decode(SHAPES, [record], mode="FAILFAST")
        bad = json_tool.decode(SHAPES, [record]).report["bad"]
        assert (ours.table is None) == bool(bad)
        if bad:
            assert ours.report["reasons"][0][0] == 0
            assert "row 0: " in ours.error
    with pytest.raises(Exception, match="(?i)malformed"):
        from_json(spark, SHAPES, [b'{"a":"x"}'], mode="FAILFAST")


def test_dropmalformed_drops_what_sparks_json_source_drops(spark, tmp_path):
    records = [r for r in SHAPED if not r.startswith((b"[", b'{"b"', b"{'b'"))]
    (tmp_path / "records.json").write_bytes(b"\n".join(records))
    reader = spark.read.schema(SHAPES).option("mode", "DROPMALFORMED")
    table = reader.json(str(tmp_path / "records.json")).toArrow()
    decoded = json_tool.decode(SHAPES, records, mode="DROPMALFORMED")
    assert rows(decoded.table) == rows(table)
    assert decoded.report["dropped"] == len(records) - table.num_rows
    kept = decoded.report["kept"]
    permissive = rows(json_tool.decode(SHAPES, records).table)
    assert [permissive[i] for i in kept] == rows(decoded.table)


class Records:
    """Random records for a schema: most values of the right type, some of any other."""

    TEXTS = ["", "a", "é€", "2020-01-01", "2020-01-01T01:02:03Z", "NaN", "12", '"q"', "\n"]
    NUMBERS = ["0", "-1", "12345", "2147483648", "1.0", "2.5", "-0.001", "99999999999"]
    DDL = (
        "a INT, b STRING, d DOUBLE, e DECIMAL(12,3), t TIMESTAMP, dt DATE, bo BOOLEAN,"
        "s STRUCT<x: INT, y: STRING, z: ARRAY<INT>>, l ARRAY<STRING>, m MAP<STRING, INT>,"
        "ls ARRAY<STRUCT<x: BIGINT, y: STRING>>, ms MAP<STRING, STRUCT<x: INT>>"
    )

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        return json.dumps(self.random.choice(self.TEXTS), ensure_ascii=self.random.random() < 0.5)

    def number(self):
        return self.random.choice(self.NUMBERS)

    def any(self, depth=0):
        kind = self.random.randrange(8 if depth < 4 else 5)
        if kind < 2:
            return self.number()
        if kind < 4:
            return self.text()
        if kind == 4:
            return self.random.choice(["null", "true", "false"])
        items = [self.any(depth + 1) for _ in range(self.random.randrange(4))]
        if kind == 5:
            return "[" + ",".join(items) + "]"
        return "{" + ",".join(f'"{self.random.choice("xyzk")}":{i}' for i in items) + "}"

    def right(self, name):
        forms = {
            "a": self.random.choice(["1", "-9", "2147483647"]),
            "b": self.text(),
            "d": self.number(),
            "e": self.number(),
            "t": '"2020-01-01T00:00:00Z"',
            "dt": '"2020-02-02"',
            "bo": "true",
            "s": f'{{"x":1,"y":"q","z":[1,{self.any(2)}]}}',
            "l": f"[{self.any(2)},{self.text()}]",
            "m": f'{{"k":1,"j":{self.any(3)}}}',
            "ls": f'[{{"x":1}},{{"y":{self.any(2)}}},{self.any(2)}]',
            "ms": f'{{"k":{{"x":{self.any(3)}}},"q":{self.any(2)}}}',
        }
        return forms[name]

    def record(self):
        names = self.random.choices("a b d e t dt bo s l m ls ms".split(), k=6)
        pairs = (
            f'"{n}":{self.right(n) if self.random.random() < 0.7 else self.any()}' for n in names
        )
        return ("{" + ",".join(pairs) + "}").encode()


def test_random_records(spark):
    records = Records(20130101)
    assert_same(spark, Records.DDL, [records.record() for _ in range(2000)])


LENIENT = r"""
/**/{"a":1}
/* c */ {"a":/* d */1/**/,/*"*/"b"/**/:/**/"/*x*/"/**/}/**/
// line
/*
/*/{"a":1}
/* *
/{"a":1}
{"a":1//x
{"a":1/ /}
{"a":/1}
{"a":1}//x
{"b":"a//b"}
{"a":-/**/1}
{"a":tru/**/e}
{"l":[1/**/,/**/2]}
{"l":[/*1*/]}
{"s":{/**/"x":1}}
{b:1}
{b:"x",a:1}
{ b : 1 , a :2}
{1:2,a:3}
{007:1}
{a-b:1,"a":2}
{+a:1,-a:1,#a:1,@a:1,*a:1,$a:1,_a:1}
{a b:1}
{a.b:1}
{a\u0062:1}
{a"b":1}
{:1}
{,a:1}
{a:1,}
{true:1,null:2,NaN:3,a:4}
{Infinity:1,"a":2}
{"a":b}
{"b":[c,1]}
{"b":[c:1]}
{b/**/:1}
{/**/b:1}
{b//:1
{é:1,b:"é"}
{µ:1,ª:1,÷:1}
{a÷:1}
{a¢:1,"a":1}
{a :1}
{日本:1,"a":2}
{😀:1}
{s:{x:1,y:'q'},l:[1],m:{k:1}}
{"m":{k:1,007:2}}
{"a":007}
{"a":00}
{"a":-007}
{"a":-00}
{"a":0}
{"a":-0}
{"a":01.5}
{"a":00e1}
{"a":00.0}
{"a":-01e1}
{"a":0x1}
{"a":00x1}
{"a":+07}
{"a":0 7}
{"a":100}
{"a":1.05}
{"a":1e05}
{"b":007}
{"b":[001,-002,{"k":00}]}
{"l":[01,02]}
{"b":"\x"}
{"b":"\é\😀\ \0\'\"\$"}
{"b":"\u12"}
{"b":"\U0041"}
{"b":'\'\x'}
{"\b":1,"\a":2}
{"b":"\"
{"b":"\
"}
{"b":"a	b"}
{"a	":1,"b":"	"}
{	"a":	1}
"""
LENIENT = [line.encode() for line in LENIENT.strip("\n").split("\n")]
LENIENT += [
    *(b'{"b":"a\nb\x01\x1f\x7f"}', b'{"b":"\\\n"}', b'{"b":"\\\x01"}', b'{"b":"\x00"}'),
    *(b"/*c*/", b"//c", b'//c\n{"a":1}', b'//c\r{"a":1}', b'{"a":1//c\r}', b"  /**/  ", b"/**/x"),
    *(b'{a\x7f:1,"a":2}', b'{"a\x01":1}', b'{a\xc2\xad:1,"a":2}'),
    *(b'{a\xc2\x80:1,"a":2}', b'{a\xc2\xb7:1,"a":2}', b'{\xe2\x82\xac:1,"a":2}', b"{a\xc2\xa0:1}"),
]


ALLOW = [
    "allowComments",
    "allowUnquotedFieldNames",
    "allowNumericLeadingZeros",
    "allowBackslashEscapingAnyCharacter",
    "allowUnquotedControlChars",
]
ALLOWED = [
    *({name: "true"} for name in ALLOW),
    {"allowSingleQuotes": "false"},
    {"allowNonNumericNumbers": "false"},
    dict.fromkeys(ALLOW, "true"),
]


@pytest.mark.parametrize(
    ("ddl", "records"),
    [(SHAPES, LENIENT + SHAPED + BYTES), ("a DOUBLE", fields(NUMBERS) + LENIENT)],
    ids=["shapes", "numbers"],
)
def test_what_sparks_options_allow(spark, ddl, records):
    ddl += ", _corrupt_record STRING"
    plain_rows, *expected = from_json_by(spark, ddl, records, [{}, *ALLOWED])
    for options, theirs in zip(ALLOWED, expected, strict=True):
        assert_decodes(theirs, ddl, records, **options)
        assert theirs != plain_rows or ddl.startswith("a DOUBLE"), options


PATTERNS = [
    *("yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "dd/MM/yyyy", "d.M.yy"),
    *("yyyyMMdd", "yyyyMMddHHmmss", "yyyyMMddHHmmssSSS", "M/d/y h:mm a", "MM/dd/yyyy hh:mm:ss a"),
    *("dd MMM yyyy", "MMMM d, yyyy", "yyyy-MM-dd[ HH:mm[:ss[.SSSSSS]]][X]", "yyyy-MM-dd HH:mm:ssx"),
    *("yyyy-MM-dd HH:mm:ssxx", "yyyy-MM-dd HH:mm:ssxxx", "yyyy-MM-dd HH:mm:ssZ", "HH:mm", "yyyy"),
    *("yyyy-MM-dd HH:mm:ssXX", "yyyyyy-MM", "yyy/M", "yyMMdd", "ddMMyy HHmm", "H:m:s.SSSSSSSSS"),
    *("yyyy-MM-dd HH:mm:ss.S", "'on' yyyy-MM-dd", "yMMdd", "[yyyy][-MM]", "mm:ss", "a", "h a"),
    *(
        "yyyy-MM-dd[X][XX]",
        "yyyy[yyyy]",
        "d[/M[/yyyy]",
        "yyyy-MM-dd'T'HH:mm:ss[.SSS]'Z'",
        "Md",
    ),
    *("yyyy|MM|dd", "dd-MMM-yy", "yyyy-MM-dd HH:mm:ss", "ssS", "SSS", "MM dd"),
]
FORMATTED = """2020-01-02|2020-1-2|2020-02-30|2019-02-29|2020-02-29|2020-13-01|2020-00-10
2020-01-00|2020-01-02 |  2020-01-02|2020-01-02x|02020-01-02|+2020-01-02|+12020-01-02|12020-01-02
-2020-01-02|-0001-01-02|-0000-01-02|0000-01-02|999999-01-02|+999999-01-02|+999999999-01-02
+1000000000-01-02|2020-01-02 03:04:05|2020-01-02 3:04:05|2020-01-02 24:00:00|2020-01-02 23:59:60
2020-01-02 03:60:05|2020-01-02T03:04:05|2020-01-02t03:04:05|2020-01-02T03:04:05.1Z
2020-01-02T03:04:05.123+01:00|2020-01-02T03:04:05.1234+01:00|2020-01-02T03:04:05.12+18:00
2020-01-02T03:04:05.12+18:01|2020-01-02T03:04:05.12+24:00|2020-01-02T03:04:05.12+1:00
2020-01-02T03:04:05.12+0100|2020-01-02T03:04:05.12+01|2020-01-02T03:04:05.12z
2020-01-02T03:04:05.12-00:00|2020-01-02T03:04:05.Z|2020-01-02T03:04:05Z|2020-01-02T03:04:05.5Z
2020-01-02T03:04:05.123456Z|2020-01-02T03:04:05.1234567Z|02/01/2020|2/1/2020|31/04/2020|02/01/20
2.1.20|02.01.99|2.1.2020|2.1.00|-2.1.20|20200102|2020010|202001020|20200102030405
20200102030405123|202001020304051|2020010203040|120200102030405|1/2/2020 3:04 AM
1/2/2020 3:04 pm|1/2/2020 12:04 AM|1/2/2020 12:04 Pm|1/2/2020 0:04 AM|1/2/2020 13:04 PM
1/2/-5 3:04 AM|01/02/2020 03:04:05 PM|01/02/2020 03:04:05PM|01/02/2020 03:04:05 P|02 Jan 2020
02 jan 2020|02 JANUARY 2020|02 Sept 2020|02 Sep 2020|02 May 2020|02 Foo 2020|31 Feb 2020
January 2, 2020|may 31, 2020|Sep 2, 2020|September 2, 2020|January 2 2020|02-Jan-20|02-jan-1920
2020-01-02 03:04|2020-01-02 03:04:05.123456|2020-01-02 03:04:05.1234567|2020-01-02Z
2020-01-02+01|2020-01-02 03:04:05.|2020-01-02 03:04:05+01|2020-01-02 03:04:05+0130
2020-01-02 03:04:05+01:30|2020-01-02 03:04:05+00|2020-01-02 03:04:05+0000
2020-01-02 03:04:05+00:00|2020-01-02 03:04:05-00|2020-01-02 03:04:05 +01:30
2020-01-02 03:04:05 +00:00|2020-01-02 03:04:05 Z|2020-01-02 03:04:05Z|2020-01-02 03:04:05+0199
2020-01-02 03:04:05+2400|2020-01-02 03:04:05-1800|2020-01-02 03:04:05-1801
2020-01-02 03:04:05+0030|2020-01-02 03:04:05+|2020-01-02 03:04:05+1|03:04|3:04|03:4|25:00|2020
20|20200|02020|+20200|-2020|2020-01|002020-01|+0002020-01|1234567-01|+1234567-01|-1234567-01
2020/1|20/1|200/13|200102|2001021|20010|991231|020120 0304|310220 0304|3:4:5.1|3:4:5.123456789
3:4:5.1234567891|3:4:5|2020-01-02 03:04:05.1|2020-01-02 03:04:05.12|on 2020-01-02|ON 2020-01-02
off 2020-01-02|5200102|00102|-01|2020-01-02X|20202021|2020020|2/3|2/3/2020|2|2/|12|123|1231|0304
04:05|59:60|AM|pm|3 AM|13 PM|12 am|0 PM|2020-01-02+01:00|2020-01-02+0100|2020-01-02ZZ
2020-01-02Z+01|2020-01-02T03:04:05'Z'|2020|02|03|2020-01-02|2020|01|02|19700101|00000101
2147483647-01-01|+5881580-07-11|+5881580-07-12|-5877641-06-23|+294247-01-10|+294248-01-10
2020-03-08 02:30:00|2020-11-01 01:30:00|1|99|00|0|000000000000000000002|+1|0000000000000000002
99999999999999999999|9999999999999999999|01 02|02 30|é2020-01-02|2020é01é02|051|0512"""
FORMATTED = FORMATTED.replace("\n", "|").split("|") + ["2020|01|02", "2020|1|02", "", " "]


def test_times_by_a_pattern(spark):
    ddl = "a TIMESTAMP, b DATE, c TIMESTAMP_NTZ, _corrupt_record STRING"
    records = [f'{{"a":"{t}","b":"{t}","c":"{t}"}}'.encode() for t in FORMATTED]
    records += [b'{"a":1,"b":1,"c":1}', b'{"a":null,"b":null,"c":null}', b'{"a":1.5,"b":true}']
    names = ("timestampFormat", "dateFormat", "timestampNTZFormat")
    each = [{**dict.fromkeys(names, p), "timeZone": "America/New_York"} for p in PATTERNS]
    expected = from_json_by(spark, ddl, records, each)
    unread = []
    for pattern, theirs in zip(PATTERNS, expected, strict=True):
        formats = dict.fromkeys(names, pattern)
        assert_decodes(theirs, ddl, records, zone="America/New_York", **formats)
        if all(row[1] is None for row in theirs):
            unread.append(pattern)
    # their first number takes all digits: Spark reads nothing by them either
    assert unread == ["yyyyMMddHHmmssSSS", "Md"]


def test_the_time_zone_option(spark):
    expected = from_json(spark, "a TIMESTAMP", quoted(TIMES), timeZone="Asia/Kolkata")
    decoded = json_tool.decode("a TIMESTAMP", quoted(TIMES), zone="Asia/Kolkata")
    assert rows(decoded.table) == expected


def test_decimal_values_are_exact():
    decoded = json_tool.decode("a DECIMAL(38,10)", fields(["1.23456789005", '"-1e-10"']))
    values = decoded.table.column("a").to_pylist()
    assert values == [decimal.Decimal("1.2345678901"), decimal.Decimal("-1E-10")]
