"""The Parquet files, read by two readers that are not DuckDB: every cell, null, type and folder agrees with what was put."""
import datetime
import random
import re
import struct

import pytest

from tests.api.conftest import record

FEATURES = {"id": "String", "at": "String", "n": "Integral", "x": "Fractional", "s": "String", "Mixed-Case_9": "String"}
TAIL = ["write_time", "api_invocation_time", "is_deleted"]
TYPES = {"String": "BYTE_ARRAY", "Integral": "INT64", "Fractional": "DOUBLE"}


def text_cell(text):
    return None if text is None else {"t": text.encode().hex()}


def cells(row, features=FEATURES):
    """A row as put, as the readers print it."""
    found = []
    for name, kind in features.items():
        value = row.get(name)
        if value is None:
            found.append(None)
        elif kind == "Integral":
            found.append({"i": str(int(value))})
        elif kind == "Fractional":
            found.append({"d": struct.pack(">d", float(value)).hex()})
        else:
            found.append(text_cell(value))
    return found


def folder_of(endpoint, control, group):
    uri = control.describe_feature_group(FeatureGroupName=group.name)["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    return endpoint.data / "offline" / uri.removeprefix("s3://")


def instant(text):
    date, _, fraction = text.removesuffix("Z").partition(".")
    return date, fraction.ljust(9, "0")


def read_all(endpoint, control, read_parquet, group, features=FEATURES):
    """Rows of all files of a group as (feature cells, tail cells), checked on the way: columns, types, names and folders."""
    folder = folder_of(endpoint, control, group)
    files = sorted(folder.rglob("*.parquet"))
    assert files
    rows = []
    for answer, path in zip(read_parquet(files), files):
        one, other = answer["hyparquet"], answer["wasm"]
        names = [*features, *TAIL]
        assert [name for name, _ in one["columns"]] == names == [name for name, _ in other["columns"]]
        types = [kind.split("/")[0] for _, kind in one["columns"]]
        assert types == [*(TYPES[kind] for kind in features.values()), "INT64", "INT64", "BOOLEAN"]
        for name, kind in one["columns"]:
            if features.get(name) == "String":
                assert "/STRING" in kind or "/UTF8" in kind, kind
            if name in TAIL[:2]:
                assert "TIMESTAMP" in kind and "MICROS" in kind, kind
        assert one["rows"] == other["rows"] and one["rowCount"] == len(one["rows"]) > 0
        match = re.fullmatch(r"year=(\d{4})/month=(\d\d)/day=(\d\d)/hour=(\d\d)", str(path.parent.relative_to(folder)))
        assert match and re.fullmatch(r"\d{8}T\d{6}Z_[A-Za-z0-9]{16}\.parquet", path.name), path
        rows += [(row[:len(features)], row[len(features):], match.groups(), path.name[:16]) for row in one["rows"]]
    return rows


ODD_ROWS = [
    {"id": "empty", "at": "2026-07-01T00:00:00Z", "s": ""},
    {"id": "absent", "at": "2026-07-01T00:00:00Z"},
    {"id": "blank", "at": "2026-07-01T00:59:59.999999999Z", "s": " "},
    {"id": "NULL", "at": "2026-07-01T01:00:00Z", "s": "NULL", "Mixed-Case_9": "null"},
    {"id": "long", "at": "2026-07-01T01:00:00Z", "s": "x" * 358_400},
    {"id": "long unicode", "at": "2026-07-01T01:00:00Z", "s": "é" * 100_000 + "\U0001f600" * 30_000},
    {"id": "unicode \U0001f600 ключ", "at": "2026-07-01T01:00:00Z", "s": "\u0000\u0001\ufeff\u202e\uffff\U0010ffff e\u0301 ﷽ \r\n\t\"',\\"},
    {"id": "largest", "at": "2026-07-01T02:00:00Z", "n": "9223372036854775807", "x": "1.7976931348623157e308"},
    {"id": "smallest", "at": "2026-07-01T02:00:00Z", "n": "-9223372036854775808", "x": "-1.7976931348623157e308"},
    {"id": "tiny", "at": "2026-07-01T02:00:00Z", "n": "0", "x": "5e-324"},
    {"id": "normal", "at": "2026-07-01T02:00:00Z", "n": "-0", "x": "2.2250738585072014e-308"},
    {"id": "half", "at": "2026-07-01T02:00:00Z", "x": "2.2250738585072011e-308"},
    {"id": "minus zero", "at": "2026-07-01T02:00:00Z", "n": "+7", "x": "-0.0"},
    {"id": "below", "at": "2026-07-01T02:00:00Z", "n": "007", "x": "1e-400"},
    {"id": "digits", "at": "2026-07-01T02:00:00Z", "x": "0.1000000000000000055511151231257827021181583404541015625"},
    {"id": "rounding", "at": "2026-07-01T02:00:00Z", "x": "9007199254740993"},
    {"id": "exponent", "at": "2026-07-01T02:00:00Z", "x": "123456789E-5", "n": "9007199254740993"},
    {"id": "first year", "at": "0000-01-01T00:00:00Z"},
    {"id": "year one", "at": "0001-01-01T00:00:00.000000001Z"},
    {"id": "gregorian", "at": "1582-10-10T12:00:00Z"},
    {"id": "before the epoch", "at": "1969-12-31T23:59:59.999999999Z"},
    {"id": "epoch", "at": "1970-01-01T00:00:00Z"},
    {"id": "leap", "at": "2024-02-29T23:59:59.5Z"},
    {"id": "last", "at": "9999-12-31T23:59:59.999999999Z"},
    {"id": "x" * 2048, "at": "2038-01-19T03:14:08Z"},
    {"id": "../../etc/passwd", "at": "2026-07-01T03:00:00Z", "s": "../x"},
]


@pytest.fixture(scope="module")
def odd(endpoint, control, runtime, read_parquet):
    """The odd rows, written and flushed, with a delete and a repeated key between them."""
    import types
    from tests.api.conftest import definition
    group = types.SimpleNamespace(name="odd-parquet")
    control.create_feature_group(**definition(group.name, features=FEATURES))
    for row in ODD_ROWS:
        runtime.put_record(FeatureGroupName=group.name, Record=record(row))
    runtime.put_record(FeatureGroupName=group.name, Record=record(ODD_ROWS[0]))
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="tiny", EventTime="2026-07-01T05:00:00.25Z")
    endpoint.raw(300).flush()
    group.rows = read_all(endpoint, control, read_parquet, group)
    # A delete keeps its instant, not the text it came in.
    group.put = [*[(row, False) for row in [*ODD_ROWS, ODD_ROWS[0]]], ({"id": "tiny", "at": "2026-07-01T05:00:00.250Z"}, True)]
    return group


def test_every_cell(odd):
    wanted = sorted(repr((cells(row), is_deleted)) for row, is_deleted in odd.put)
    assert sorted(repr((row, tail[2])) for row, tail, _, _ in odd.rows) == wanted


def test_folders_are_the_event_times_hour(odd):
    for row, _, folder, newest in odd.rows:
        at = bytes.fromhex(row[1]["t"]).decode()
        assert "-".join(folder[:3]) + "T" + folder[3] == at[:13], at
        assert newest >= at[:19].replace("-", "").replace(":", "") + "Z"


def test_arrival_times_are_one_a_row_and_in_order(odd):
    arrivals = {}
    for row, tail, _, _ in odd.rows:
        write, arrival = int(tail[0]["us"]), int(tail[1]["us"])
        assert abs(arrival / 1e6 - datetime.datetime.now().timestamp()) < 3600 and write >= arrival
        arrivals[arrival] = bytes.fromhex(row[0]["t"]).decode()
    assert len(arrivals) == len(odd.put)
    assert [arrivals[one] for one in sorted(arrivals)] == [row["id"] for row, _ in odd.put]


def test_sql_sees_the_same(odd, raw):
    rows = raw.sql(f'SELECT id, "at", n, s, is_deleted FROM "{odd.name}" ORDER BY api_invocation_time')
    assert [(row["id"], row["at"], row["s"], row["is_deleted"]) for row in rows] == [
        (row["id"], row["at"], row.get("s"), is_deleted) for row, is_deleted in odd.put]
    assert [None if row["n"] is None else int(row["n"]) for row in rows] == [
        int(row["n"]) if "n" in row else None for row, _ in odd.put]


def test_fractional_event_times(endpoint, control, runtime, read_parquet, make_group):
    features = {"id": "String", "at": "Fractional", "n": "Integral"}
    group = make_group(features=features)
    sent = [{"id": str(number), "at": at} for number, at in enumerate((
        "0", "-0.5", "1782914587.421", "1782914587.421000001", "1.782914587e9", "-62167219200", "253402300799.999999999"))]
    for row in sent:
        runtime.put_record(FeatureGroupName=group.name, Record=record(row))
    endpoint.raw(300).flush()
    rows = read_all(endpoint, control, read_parquet, group, features)
    assert sorted(repr(row) for row, _, _, _ in rows) == sorted(repr(cells(row, features)) for row in sent)
    by_id = {bytes.fromhex(row[0]["t"]).decode(): "-".join(folder) for row, _, folder, _ in rows}
    assert by_id["0"] == "1970-01-01-00" and by_id["1"] == "1969-12-31-23" and by_id["2"] == "2026-07-01-14"
    assert by_id["5"] == "0000-01-01-00" and by_id["6"] == "9999-12-31-23"


def test_identifiers_of_each_type(endpoint, control, runtime, read_parquet, make_group):
    for kind, identifier in (("Integral", "42"), ("Fractional", "0.5")):
        features = {"id": kind, "at": "String"}
        group = make_group(features=features)
        runtime.put_record(FeatureGroupName=group.name, Record=record({"id": identifier, "at": "2026-07-01T00:00:00Z"}))
        runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, EventTime="2026-07-01T00:00:01Z")
        endpoint.raw(300).flush()
        rows = read_all(endpoint, control, read_parquet, group, features)
        assert {repr(row[0]) for row, _, _, _ in rows} == {repr(cells({"id": identifier}, features)[0])}
        assert sorted(tail[2] for _, tail, _, _ in rows) == [False, True]


def test_many_random_rows_in_many_flushes(endpoint, control, raw, read_parquet, make_group):
    """Rows of one group over several hours, flushed a few times, with features added between: each row is in one file."""
    chance = random.Random(7)
    group = make_group(features=FEATURES)
    features = dict(FEATURES)
    sent = []
    for flush in range(4):
        for _ in range(60):
            row = {"id": f"k{chance.randrange(20)}", "at": f"2026-07-0{chance.randrange(1, 4)}T{chance.randrange(24):02d}:00:00Z"}
            for name, kind in list(features.items())[2:]:
                if chance.random() < 0.6:
                    row[name] = (str(chance.getrandbits(63)) if kind == "Integral" else repr(chance.gauss(0, 1e6))
                                 if kind == "Fractional" else chr(chance.randrange(32, 0xd7ff)) * chance.randrange(50))
            assert raw.put(group.name, row)[0] == 200
            sent.append((row, dict(features)))
        raw.flush()
        if flush == 1:
            features["late"] = "Fractional"
            control.update_feature_group(FeatureGroupName=group.name, FeatureAdditions=[{"FeatureName": "late", "FeatureType": "Fractional"}])
    folder = folder_of(endpoint, control, group)
    files = sorted(folder.rglob("*.parquet"))
    found = []
    for answer in read_parquet(files):
        one = answer["hyparquet"]
        assert one["rows"] == answer["wasm"]["rows"]
        names = [name for name, _ in one["columns"]]
        assert names[-3:] == TAIL and names[:len(FEATURES)] == list(FEATURES)
        for row in one["rows"]:
            by_name = dict(zip(names, row))
            found.append(repr([by_name.get(name) for name in features]))
    assert sorted(found) == sorted(repr(cells(row, features)) for row, _ in sent)
    assert len(raw.sql(f'SELECT id FROM "{group.name}"')) == len(sent)
