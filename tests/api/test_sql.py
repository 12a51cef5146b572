"""POST /v1/sql: what is seen, in which form, what is refused, and statements that try to get out of their sandbox."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import signal
import threading
import time

import pytest

from tests.support.signed import ROOT

SHARED = pathlib.Path(os.environ.get("ASOF_SHARED", ROOT.parent / "shared"))
EXAMPLE = {"transaction_id": "String", "event_ts": "String", "txn_count_60s": "Integral", "txn_count_3600s": "Integral",
           "amount_ratio_7d": "Fractional"}


def sql(client, text, **more):
    body = json.dumps({"Sql": text, **more}).encode()
    status, kind, answer = client.request("POST", "/v1/sql", body, {"content-type": "application/json"})
    return status, kind, answer


def rows(client, text):
    status, kind, answer = sql(client, text)
    assert status == 200, (kind, answer)
    return json.loads(answer)


def refused(client, text, *words, status=400):
    found, kind, answer = sql(client, text)
    assert found == status, (found, kind, answer)
    message = json.loads(answer)["Message"]
    for word in words:
        assert word in message, message


def put(client, group, features, **members):
    status, kind, answer = client.put(group, features, **members)
    assert status == 200, (kind, answer)


# --- what is seen ---

def test_the_point_in_time_example(raw, make_group):
    group = make_group(features=EXAMPLE, identifier="transaction_id", event_time="event_ts").name
    labels = make_group(features={"transaction_id": "String", "event_ts": "String"}, identifier="transaction_id",
                        event_time="event_ts").name
    features = {"transaction_id": "txn-7f8a2e", "txn_count_60s": "4", "txn_count_3600s": "37", "amount_ratio_7d": "2.3"}
    put(raw, group, {**features, "event_ts": "2026-07-01T14:03:07.421Z"})
    raw.flush()
    put(raw, group, {**features, "event_ts": "2026-06-01T00:00:00Z", "txn_count_60s": "1"})
    put(raw, labels, {"transaction_id": "txn-7f8a2e", "event_ts": "2026-07-01T15:00:00Z"})
    found = rows(raw, f"""
        SELECT transaction_id, txn_count_60s, amount_ratio_7d FROM (
            SELECT f.*, row_number() OVER (PARTITION BY f.transaction_id ORDER BY f.event_ts DESC, f.api_invocation_time DESC,
                                           f.write_time DESC) AS rn
            FROM "{group}" f JOIN "{labels}" l ON f.transaction_id = l.transaction_id
            WHERE f.event_ts <= l.event_ts) WHERE rn = 1 AND NOT is_deleted""")
    assert found == [{"transaction_id": "txn-7f8a2e", "txn_count_60s": 4, "amount_ratio_7d": 2.3}]


def test_forms_of_the_answer(raw, make_group):
    group = make_group().name
    put(raw, group, {"id": 'a"b,c', "at": "2026-07-01T00:00:00Z", "count": "-9223372036854775808"})
    text = f'SELECT id, count, note FROM "{group}"'
    assert sql(raw, text, Format="csv")[2] == b'"id","count","note"\n"a""b,c","-9223372036854775808",\n'
    assert json.loads(sql(raw, text, Format="json")[2]) == [{"id": 'a"b,c', "count": -9223372036854775808, "note": None}]
    assert sql(raw, text, Format="parquet")[2][:4] == b"PAR1"
    plain = {"content-type": "text/plain", "accept": "text/csv"}
    assert raw.request("POST", "/v1/sql", text.encode(), plain)[2].startswith(b'"id"')
    assert sql(raw, text, Format="xml")[0] == 400
    assert sql(raw, text, Fromat="csv")[0] == 400
    assert raw.request("POST", "/v1/sql", b"{}", {"content-type": "application/json"})[0] == 400
    assert rows(raw, f'SELECT id FROM "{group}" WHERE false') == []


def test_names_of_tables(raw, control, make_group):
    group = make_group(name="Sql-Names").name
    table = "sql_names_%d" % int(control.describe_feature_group(FeatureGroupName=group)["CreationTime"].timestamp())
    put(raw, group, {"id": "1", "at": "2026-07-01T00:00:00Z"})
    for name in ('"Sql-Names"', '"sql-names"', table, f"sagemaker_featurestore.{table}", f'"sagemaker_featurestore"."{table}"'):
        assert rows(raw, f"SELECT count(*) AS c FROM {name}") == [{"c": 1}]
    refused(raw, 'SELECT * FROM "Sql-Namez"', "'Sql-Namez' does not exist", "'Sql-Names'")
    control.delete_feature_group(FeatureGroupName=group)
    refused(raw, 'SELECT * FROM "Sql-Names"', "does not exist", table)
    assert rows(raw, f"SELECT count(*) AS c FROM {table}") == [{"c": 1}]


def test_schemas_that_grew(raw, control, make_group):
    group = make_group().name
    put(raw, group, {"id": "1", "at": "2026-07-01T00:00:00Z"})
    raw.flush()
    put(raw, group, {"id": "2", "at": "2026-07-01T00:00:00Z"})
    control.update_feature_group(FeatureGroupName=group, FeatureAdditions=[{"FeatureName": "later", "FeatureType": "String"}])
    put(raw, group, {"id": "3", "at": "2026-07-01T00:00:00Z", "later": "x"})
    expected = [{"id": "1", "later": None}, {"id": "2", "later": None}, {"id": "3", "later": "x"}]
    for _ in range(2):
        assert rows(raw, f'SELECT id, later FROM "{group}" ORDER BY id') == expected
        raw.flush()


def test_the_sdk_s_statements(raw, control, make_group):
    """What the Python SDK's dataset builder writes runs as it is, but for the tables' names."""
    path = SHARED / "docs" / "sdk-dataset-builder.sql"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    tables = {}
    for name, features, identifier in (("labels", {"txn": "String", "cust": "String", "t": "String", "fraud": "Integral"}, "txn"),
                                       ("cust", {"cust": "String", "t": "String", "amt7": "Fractional"}, "cust")):
        group = make_group(name=f"sdk-{name}", features=features, identifier=identifier, event_time="t").name
        created = control.describe_feature_group(FeatureGroupName=group)["CreationTime"].timestamp()
        tables[f"{name}_1700000000"] = f"sdk_{name}_{int(created)}"
        for i in range(3):
            put(raw, group, {feature: {"txn": "x", "cust": "c", "t": f"2026-01-0{i + 1}T00:00:00Z"}.get(feature, str(i))
                             for feature in features})
    raw.flush()
    statements = path.read_text().split("-- ====")[1:]
    assert len(statements) == 3
    for statement in statements:
        text = statement.split("\n", 1)[1]
        for name, table in tables.items():
            text = text.replace(name, table)
        found = rows(raw, text)
        if "to_timestamp" in text:  # as of a moment before anything was written
            assert found == []
        else:
            assert found and set(found[0]) == {"txn", "cust", "t", "fraud", "cust.1", "t.1", "amt7.1"}


# --- what is refused ---

def hostile(data, group):
    """Statements and whether they may succeed: harmless ones may, they show nothing and change nothing."""
    files = sorted(str(path) for path in (data / "offline").rglob("*.parquet"))
    outside, other = f"{data}/outside", files[-1]
    reads = [f"SELECT * FROM {function}('{path}')" for path in ("/etc/passwd", f"{data}/credentials", f"{data}/secret",
                                                                 "/proc/self/environ", f"{data}/tmp/../credentials",
                                                                 f"{data}//offline/../credentials")
             for function in ("read_text", "read_blob", "read_csv", "read_json")]
    return reads + [
        f"SELECT * FROM '{other}'",
        f"SELECT * FROM read_parquet('{data}/offline/**/*.parquet')",
        f"SELECT * FROM parquet_metadata('{other}')",
        f"SELECT * FROM parquet_schema('{data}/offline/**')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        f"SELECT * FROM glob('{data}/*')",
        f"SELECT * FROM glob('{data}/offline/**')",
        "SELECT * FROM read_csv('/dev/stdin')",
        "SELECT * FROM read_csv('http://169.254.169.254/latest')",
        "SELECT * FROM read_parquet('s3://bucket/key')",
        "SELECT getenv('ASOF_CANARY')",
        "SELECT current_setting('secret_directory')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM which_secret('x', 's3')",
        f"COPY (SELECT 1) TO '{outside}.parquet'",
        f"COPY (SELECT 1) TO '{other}'",
        f"SELECT 1) TO '{outside}.csv' (FORMAT csv); --",
        f"SELECT 1) TO '{outside}.csv'\n--",
        f"SELECT * FROM query('COPY (SELECT 1) TO ''{outside}''')",
        f"SELECT * FROM query('ATTACH ''{outside}''')",
        f"EXPORT DATABASE '{outside}'",
        f"ATTACH '{outside}.db'",
        f"ATTACH '{data}/tmp/y.db' AS y",
        f"IMPORT DATABASE '{outside}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        f"LOAD '{outside}.so'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        f"PRAGMA profiling_output = '{outside}'",
        f"CALL enable_logging(storage = 'file', storage_path = '{outside}')",
        "CREATE TABLE t AS SELECT 1",
        f'DROP VIEW "{group}"',
        f'DELETE FROM "{group}"',
        f'INSERT INTO "{group}" SELECT * FROM "{group}"',
        "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
        "CHECKPOINT",
        "VACUUM",
        "SELECT 1; SELECT 2",
        f"SELECT 1; COPY (SELECT 1) TO '{outside}'",
        "EXECUTE x",
        "PREPARE x AS SELECT 1",
        f"WITH x AS (DELETE FROM \"{group}\" RETURNING *) SELECT * FROM x",
        f'EXPLAIN ANALYZE SELECT * FROM "{group}"',
        "SELECT * FROM \"asof tail 0\" UNION ALL SELECT * FROM \"asof tail 1\"",
        "SELECT '\x00'",
        "",
        ";",
        "--",
        "/*",
    ]


def test_hostile_statements(own_server, tmp_path):
    endpoint = own_server("--query-timeout", "20s", "--flush-interval", "24h")
    client = endpoint.raw()
    make_own_group(endpoint, "mine")
    make_own_group(endpoint, "theirs")
    put(client, "mine", {"id": "1", "at": "2026-07-01T00:00:00Z", "note": "mine-canary"})
    put(client, "theirs", {"id": "1", "at": "2026-07-02T00:00:00Z", "note": "theirs-canary"})
    client.flush()
    before = everything(endpoint.data, tmp_path)
    secrets = [line.split("=")[1].strip() for line in (endpoint.data / "credentials").read_text().splitlines() if "=" in line]
    secrets = [text.encode() for text in secrets if len(text) > 8] + [b"root:", b"theirs-canary", b"PATH=", b"passwd:"]
    statements = hostile(endpoint.data, "mine")
    assert len(statements) >= 60
    for statement in statements:
        started = time.monotonic()
        status, kind, answer = sql(client, statement)
        assert status in (200, 400), (statement, status, answer)
        assert time.monotonic() - started < 30
        if status == 200:
            for secret in secrets:
                assert secret not in answer, (statement, answer[:500])
            # Nothing of the file system is listed.
            assert b"/etc/" not in answer and b"credentials" not in answer, (statement, answer[:500])
        assert everything(endpoint.data, tmp_path) == before, statement
    assert values_of(client, "mine") == "mine-canary"
    assert rows(client, 'SELECT note FROM "mine"') == [{"note": "mine-canary"}]


def make_own_group(endpoint, name):
    status, answer = endpoint.raw().control("CreateFeatureGroup", {
        "FeatureGroupName": name, "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": feature, "FeatureType": "String"} for feature in ("id", "at", "note")],
        "OnlineStoreConfig": {"EnableOnlineStore": True}, "RoleArn": "arn:aws:iam::000000000000:role/asof",
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://bucket/prefix"}}})
    assert status == 200, answer


def values_of(client, group):
    return client.get(group, "1")["note"]


def everything(data, around):
    """All files in and beside the data folder but the journal and logs: a digest each."""
    found = {}
    for root in (data, around):
        for path in root.rglob("*"):
            if path.is_file() and "journal" not in path.parts and path.suffix not in (".log", ".port") and path.name != "checkpoint":
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


RUNAWAY = [
    "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.range < b.range",
    "SELECT length(repeat('x', 2000000000)) + length(repeat(repeat('y', 100000), 20000))",
    "SELECT " + "+".join(["1"] * 900),
    "SELECT sum(x) FROM (" + " UNION ALL ".join(["SELECT 1 AS x"] * 5000) + ")",
    "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t",
    "SELECT list(range) FROM range(10000000000)",
    "SELECT regexp_matches(repeat('a', 100000000), '(a*)*b')",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "SELECT * FROM range(100000000000)",
]


def test_runaway_statements_end_in_time(own_server):
    """Killed, or done, or refused: within the limit, and the server answers others meanwhile."""
    endpoint = own_server("--query-timeout", "3s", "--query-memory", "512m")
    client = endpoint.raw(60)
    make_own_group(endpoint, "g")
    put(client, "g", {"id": "1", "at": "2026-07-01T00:00:00Z", "note": "x"})
    for statement in RUNAWAY:
        slowest, ended = 0, threading.Event()

        def others():
            nonlocal slowest
            other = endpoint.raw()
            while not ended.is_set():
                started = time.monotonic()
                assert other.get("g", "1")["note"] == "x"
                slowest = max(slowest, time.monotonic() - started)
                time.sleep(0.02)

        with concurrent.futures.ThreadPoolExecutor() as pool:
            reading = pool.submit(others)
            started = time.monotonic()
            status, kind, answer = sql(client, statement)
            took = time.monotonic() - started
            ended.set()
            reading.result()
        assert took < 6, (statement[:80], took)
        assert status in (200, 400, 500, 503), (statement[:80], status, answer[:300])
        if status == 503:
            assert b"query took longer" in answer or b"processor time" in answer
        assert slowest < 2
    deadline = time.monotonic() + 5
    while any(b"query" in command(pid) for pid in endpoint.server.workers()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in endpoint.server.workers() if b"query" in command(pid)]
    assert not list((endpoint.data / "tmp").glob("query-*"))


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_killed_worker_fails_its_query_alone(own_server):
    endpoint = own_server()
    client = endpoint.raw(60)
    make_own_group(endpoint, "g")
    put(client, "g", {"id": "1", "at": "2026-07-01T00:00:00Z", "note": "x"})
    endless = "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.range < b.range"
    other = endpoint.raw()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for i in range(12):
            asked = pool.submit(sql, client, endless)
            time.sleep(0.004 * i)
            victims = []
            while not victims:
                victims = [pid for pid in endpoint.server.workers() if b"query" in command(pid)]
            os.kill(victims[0], signal.SIGKILL)
            status, kind, answer = asked.result()
            assert status == 500, (status, answer)
            put(other, "g", {"id": "1", "at": f"2026-07-01T00:00:{i:02}Z", "note": str(i)})
            assert other.get("g", "1")["note"] == str(i)
    assert rows(client, "SELECT count(*) AS c FROM g") == [{"c": 13}]
    assert not list((endpoint.data / "tmp").glob("query-*"))


def test_more_queries_than_run_at_once(own_server):
    endpoint = own_server("--query-timeout", "4s")
    endless = "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.range < b.range"
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = [one.result()[:1] + one.result()[2:] for one in
                   [pool.submit(sql, endpoint.raw(60), endless) for _ in range(6)]]
    busy = [answer for status, answer in answers if status == 503 and b"at once" in answer]
    late = [answer for status, answer in answers if status == 503 and b"longer than" in answer]
    assert len(busy) == 2 and len(late) == 4, answers
    assert rows(endpoint.raw(), "SELECT 1 AS x") == [{"x": 1}]


def test_a_stopping_server_does_not_wait_for_a_query(own_server):
    endpoint = own_server()
    endless = "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.range < b.range"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = pool.submit(sql, endpoint.raw(60), endless)
        time.sleep(0.5)
        started = time.monotonic()
        endpoint.server.stop()
        assert time.monotonic() - started < 15
        try:
            assert asked.result()[0] == 503
        except OSError:
            pass  # the connection was closed first
