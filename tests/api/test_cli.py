"""The command line against a real server: the tour of the README, loads in every form, interruptions, TLS, exit codes."""
import csv
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import uuid

import pytest

from tests.support.signed import program

TIMES = ["2026-07-01T14:03:07.421Z", "2026-07-01T13:00:00Z"]


def name():
    return "cli-" + uuid.uuid4().hex[:16]


def make(endpoint, *words, group=None):
    group = group or name()
    endpoint.asof("group", "create", group, "--id", "id", "--event-time", "at", "--feature", "id:String", "--feature", "at:String",
                  "--feature", "n:Integral", "--feature", "x:Fractional", "--feature", "s:String", *words)
    return group


def rows(endpoint, statement):
    return json.loads(endpoint.asof("sql", statement, "--json").stdout)


def got(endpoint, group, identifier):
    answer = json.loads(endpoint.asof("get", group, identifier, "--json").stdout)
    return {one["FeatureName"]: one["ValueAsString"] for one in answer.get("Record", [])}


def write_csv(path, count, first=0):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "at", "n", "x", "s"])
        for i in range(first, first + count):
            writer.writerow([f"k{i}", "2026-01-01T00:00:00Z", i, i / 4, f'text, "{i}"\nü'])
    return str(path)


# --- single records ---

def test_the_tour(endpoint, tmp_path):
    group = name()
    done = endpoint.asof("group", "create", group, "--id", "card_id", "--event-time", "event_ts", "--feature", "card_id:String",
                         "--feature", "event_ts:String", "--feature", "txn_count_60s:Integral", "--feature", "amount_ratio_7d:Fractional")
    assert done.stdout.startswith("created arn:aws:sagemaker:us-east-1:000000000000:feature-group/")
    for when, count, ratio in zip(TIMES, ("4", "1"), ("2.3", "1.1")):
        endpoint.asof("put", group, "card_id=c1", f"event_ts={when}", f"txn_count_60s={count}", f"amount_ratio_7d={ratio}")
    table = endpoint.asof("get", group, "c1").stdout
    assert re.search(r"^txn_count_60s +4$", table, re.M), table
    found = rows(endpoint, f'SELECT card_id, event_ts, txn_count_60s, is_deleted FROM "{group}" ORDER BY event_ts')
    assert [row["txn_count_60s"] for row in found] == [1, 4]
    labels, out = tmp_path / "labels.csv", tmp_path / "training.csv"
    labels.write_text("card_id,event_ts,is_fraud\nc1,2026-07-01T13:30:00Z,0\nc1,2026-07-01T15:00:00Z,1\nc9,2026-07-01T15:00:00Z,0\n")
    endpoint.asof("dataset", "--labels", str(labels), "--groups", group, "--out", str(out))
    training = list(csv.DictReader(out.open()))
    assert [row["txn_count_60s"] for row in training] == ["1", "4", ""]
    assert [row["is_fraud"] for row in training] == ["0", "1", "0"]
    assert endpoint.asof("flush").stdout == "flushed\n"
    listing = endpoint.asof("group", "list", "--name-contains", group).stdout
    assert listing.count(group) == 1
    assert "record identifier" in endpoint.asof("group", "describe", group).stdout
    status = json.loads(endpoint.asof("status", "--json").stdout)
    assert [one["OfflineRows"] for one in status["FeatureGroups"] if one["FeatureGroupName"] == group] == [2]
    assert endpoint.asof("group", "delete", group).stdout == f"deleted {group}\n"
    assert endpoint.asof("group", "describe", group, check=False).returncode == 1


def test_put_get_delete_with_odd_values(endpoint):
    group, odd = make(endpoint), 'a b/ü%2F&="\\\n\x01'
    endpoint.asof("put", group, f"id={odd}", "at=2026-01-01T00:00:00Z", f"s={odd}", "n=-9223372036854775808")
    assert got(endpoint, group, odd) == {"id": odd, "at": "2026-01-01T00:00:00Z", "s": odd, "n": "-9223372036854775808"}
    assert "\x01" not in endpoint.asof("get", group, odd).stdout, "a stored value must not drive the terminal"
    assert endpoint.asof("delete", group, odd).returncode == 0
    gone = endpoint.asof("get", group, odd, check=False)
    assert (gone.returncode, gone.stdout) == (1, "") and "there is no record of" in gone.stderr
    assert [row["is_deleted"] for row in rows(endpoint, f'SELECT is_deleted FROM "{group}" ORDER BY api_invocation_time')] == [False, True]


def test_targets_and_ttl(endpoint):
    group = make(endpoint)
    endpoint.asof("put", group, "id=a", "at=2026-01-01T00:00:00Z", "--target", "offline")
    assert got(endpoint, group, "a") == {}
    endpoint.asof("put", group, "id=a", "at=2020-01-01T00:00:00Z", "--ttl", "1d")
    assert got(endpoint, group, "a") == {}
    endpoint.asof("put", group, "id=b", "at=2026-01-01T00:00:00Z", "--target", "online", "--ttl", "500w")
    assert got(endpoint, group, "b")["id"] == "b"
    assert {row["id"] for row in rows(endpoint, f'SELECT id FROM "{group}"')} == {"a"}


def test_a_group_from_a_schema_file(endpoint, tmp_path):
    schema, group = tmp_path / "group.json", name()
    schema.write_text(json.dumps({
        "FeatureGroupName": "overridden", "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "Integral"}, {"FeatureName": "at", "FeatureType": "Fractional"}],
        "OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "Standard_V2"}, "Tags": [{"Key": "team", "Value": "fraud"}]}))
    endpoint.asof("group", "create", group, "--schema", str(schema))
    described = json.loads(endpoint.asof("group", "describe", group, "--json").stdout)
    assert described["FeatureGroupName"] == group and described["OnlineStoreConfig"]["StorageType"] == "Standard_V2"
    endpoint.asof("put", group, "id=5", "at=1767225600.25")
    endpoint.asof("delete", group, "5")  # its event time is made in the form of the group
    assert got(endpoint, group, "5") == {}


@pytest.mark.parametrize("words, code, said", [
    (("get", "no-such-group", "x"), 1, "ValidationError|ResourceNotFound"),
    (("group", "describe", "no-such-group"), 1, "ResourceNotFound"),
    (("sql", "DROP TABLE x"), 1, "SELECT"),
    (("sql",), 2, "STATEMENT is missing"),
    (("nonsense",), 2, "no command 'nonsense'"),
    (("status", "--jsno"), 2, "did you mean '--json'"),
    (("status", "--endpoint", "http://127.0.0.1:1"), 3, "Is the server running"),
    (("status", "--credentials", "/no/file"), 2, "no credentials"),
    (("status", "--region", "eu-west-1"), 1, "Credential should be scoped|SignatureException|region"),
    (("load", "/no/file.csv", "--group", "no-such-group"), 1, "ResourceNotFound"),
    (("dataset", "--labels", "/no/file", "--groups", "x", "--out", "/tmp/never"), 4, "/no/file"),
])
def test_exit_codes_and_advice(endpoint, words, code, said):
    done = endpoint.asof(*words, check=False)
    assert done.returncode == code, done.stderr
    assert re.search(said, done.stderr), done.stderr
    assert done.stdout == ""


# --- loading ---

def test_load_csv_plain_and_gzip(endpoint, tmp_path):
    group = make(endpoint)
    path = write_csv(tmp_path / "rows.csv", 1003)
    done = json.loads(endpoint.asof("load", path, "--group", group, "--json").stdout)
    assert (done["Rows"], done["Failed"]) == (1003, 0)
    packed = tmp_path / "more.csv.gz"
    packed.write_bytes(gzip.compress(pathlib.Path(write_csv(tmp_path / "more.csv", 500, 1003)).read_bytes()))
    endpoint.asof("load", str(packed), "--group", group, "--connections", "7")
    found = rows(endpoint, f'SELECT count(*) AS c, count(DISTINCT id) AS i, sum(n) AS n, sum(x) AS x FROM "{group}"')[0]
    assert (found["c"], found["i"], int(found["n"]), found["x"]) == (1503, 1503, 1502 * 1503 // 2, 1502 * 1503 / 8)
    assert got(endpoint, group, "k1200")["s"] == 'text, "1200"\nü'
    assert sorted(p.name for p in tmp_path.iterdir()) == ["more.csv", "more.csv.gz", "rows.csv"]


def test_load_json_lines_and_parquet(endpoint, tmp_path):
    group, second = make(endpoint), make(endpoint)
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps({"id": i, "at": "2026-01-01T00:00:00Z", "n": i % 2 == 0, "x": i / 8, "s": None, "other": []}) + "\n"
                             for i in range(100)))
    done = endpoint.asof("load", str(lines), "--group", group)
    assert "such as 'other'" in done.stderr and "loaded 100 rows" in done.stdout
    assert got(endpoint, group, "3") == {"id": "3", "at": "2026-01-01T00:00:00Z", "n": "0", "x": "0.375"}
    parquet = tmp_path / "rows.parquet"
    endpoint.asof("sql", f'SELECT id, CAST("at" AS TIMESTAMP) AS "at", n, x, s FROM "{group}"', "--out", str(parquet))
    endpoint.asof("load", str(parquet), "--group", second)
    assert got(endpoint, second, "3") == got(endpoint, group, "3")
    assert rows(endpoint, f'SELECT count(*) AS c FROM "{second}"') == [{"c": 100}]


def test_rows_that_fail_can_be_mended_and_loaded_again(endpoint, tmp_path):
    group, path = make(endpoint), tmp_path / "rows.csv"
    path.write_text("id,at,n,x,s\na,2026-01-01T00:00:00Z,1,1,\nb,yesterday,1,1,\nc,2026-01-01T00:00:00Z,one,1,\n"
                    'd,2026-01-01T00:00:00Z,1,1\ne,2026-01-01T00:00:00Z,1,1,"said ""hi"""\n')
    done = endpoint.asof("load", str(path), "--group", group, check=False)
    errors = pathlib.Path(f"{path}.asof-errors")
    assert done.returncode == 1 and f"3 failed: see {errors}" in done.stdout
    failed = list(csv.reader(errors.open()))
    assert failed[0] == ["id", "at", "n", "x", "s", "asof_error"]
    assert {row[0]: row[-1].split(":")[0] for row in failed[1:]} == {"b": "ValidationError", "c": "ValidationError",
                                                                    "d": "expected 5 cells, found 4"}
    assert got(endpoint, group, "e")["s"] == 'said "hi"'
    mended = tmp_path / "mended.csv"
    mended.write_text(errors.read_text().replace("yesterday", "2026-01-02T00:00:00Z").replace(",one,", ",1,").replace("Z,1,1,\"exp", "Z,1,1,,\"exp"))
    assert endpoint.asof("load", str(mended), "--group", group).stdout.startswith("loaded 3 rows")
    assert {row["id"] for row in rows(endpoint, f'SELECT id FROM "{group}"')} == set("abcde")


def test_columns_are_mapped(endpoint, tmp_path):
    group, path = make(endpoint), tmp_path / "rows.csv"
    path.write_text("key,when,extra\na,2026-01-01T00:00:00Z,1\n")
    strict = endpoint.asof("load", str(path), "--group", group, "--id-column", "key", "--map", "at=when", "--strict", check=False)
    assert strict.returncode == 2 and "extra" in strict.stderr
    unmapped = endpoint.asof("load", str(path), "--group", group, check=False)
    assert unmapped.returncode == 2 and "--map FEATURE=COLUMN" in unmapped.stderr
    endpoint.asof("load", str(path), "--group", group, "--id-column", "key", "--map", "at=when", "--map", "n=extra", "--target", "offline")
    assert got(endpoint, group, "a") == {}
    assert rows(endpoint, f'SELECT id, n FROM "{group}"') == [{"id": "a", "n": 1}]


def begin_load(endpoint, *words):
    return subprocess.Popen([program(), "load", *words], env=endpoint.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_records(endpoint, wanted):
    deadline = time.monotonic() + 60
    while json.loads(endpoint.asof("status", "--json").stdout)["OnlineRecords"] < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_interrupted_load_goes_on(own_server, tmp_path):
    endpoint = own_server()
    group = make(endpoint)
    path = write_csv(tmp_path / "rows.csv", 60000)
    loading = begin_load(endpoint, path, "--group", group)
    wait_for_records(endpoint, 2000)
    loading.send_signal(signal.SIGINT)
    out, err = loading.communicate(timeout=60)
    assert loading.returncode == 130 and "--resume goes on" in err, (out, err)
    progress = json.loads(pathlib.Path(f"{path}.asof-progress").read_text())
    assert 0 < progress["Row"] < 60000
    again = endpoint.asof("load", path, "--group", group, check=False)
    assert again.returncode == 2 and "--from-row 0 begins anew" in again.stderr
    endpoint.asof("load", path, "--group", group, "--resume")
    assert rows(endpoint, f'SELECT count(*) AS c, count(DISTINCT id) AS i FROM "{group}"') == [{"c": 60000, "i": 60000}]
    assert not os.path.exists(f"{path}.asof-progress")


def test_a_load_outlives_a_killed_server(own_server, tmp_path):
    """The server is killed and comes back on its port: the load waits, repeats what was not answered, and every row is there once."""
    endpoint = own_server()
    group = make(endpoint)
    path = write_csv(tmp_path / "rows.csv", 60000)
    loading = begin_load(endpoint, path, "--group", group)
    wait_for_records(endpoint, 2000)
    endpoint.server.process.kill()
    endpoint.server.process.wait()
    assert loading.poll() is None, "the load was over before the server was killed"
    endpoint.server.options = (*endpoint.server.options, "--listen", f"127.0.0.1:{endpoint.server.port}")
    endpoint.server.start()
    out, err = loading.communicate(timeout=120)
    assert loading.returncode == 0 and out.startswith("loaded 60,000 rows"), (out, err)
    assert rows(endpoint, f'SELECT count(*) AS c, count(DISTINCT id) AS i FROM "{group}"') == [{"c": 60000, "i": 60000}]


def test_a_killed_load_goes_on(own_server, tmp_path):
    endpoint = own_server()
    group = make(endpoint)
    path = write_csv(tmp_path / "rows.csv", 60000)
    loading = begin_load(endpoint, path, "--group", group)
    deadline = time.monotonic() + 60
    while not os.path.exists(f"{path}.asof-progress") and loading.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    loading.kill()
    loading.communicate()
    if not os.path.exists(f"{path}.asof-progress"):
        pytest.skip("the load was over before it could be killed")
    endpoint.asof("load", path, "--group", group, "--resume")
    assert rows(endpoint, f'SELECT count(*) AS c, count(DISTINCT id) AS i FROM "{group}"') == [{"c": 60000, "i": 60000}]


# --- TLS ---

@pytest.fixture
def certificates(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return certificate, key


def test_https(certificates, tmp_path):
    certificate, key = certificates
    data, port_file = tmp_path / "tls" / "data", tmp_path / "tls.port"
    data.parent.mkdir()
    server = subprocess.Popen([program(), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--port-file", str(port_file),
                               "--tls-certificate", str(certificate), "--tls-key", str(key)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not port_file.exists() or not port_file.read_text().strip():
            assert time.monotonic() < deadline and server.poll() is None
            time.sleep(0.01)
        port = port_file.read_text().strip()

        def asof(*words, host="localhost"):
            return subprocess.run([program(), *words, "--endpoint", f"https://{host}:{port}", "--credentials", str(data / "credentials")],
                                  capture_output=True, text=True, timeout=60)

        assert asof("status", "--ca-file", str(certificate)).returncode == 0
        assert asof("status", "--ca-file", str(certificate), host="127.0.0.1").returncode == 0
        assert asof("status", "--no-verify-tls").returncode == 0
        distrusted = asof("status")
        assert distrusted.returncode == 3 and "cannot speak TLS" in distrusted.stderr
        path = write_csv(tmp_path / "rows.csv", 300)
        assert asof("group", "create", "g", "--id", "id", "--event-time", "at", "--feature", "id:String", "--feature", "at:String",
                    "--no-verify-tls").returncode == 0
        loaded = asof("load", path, "--group", "g", "--ca-file", str(certificate))
        assert loaded.returncode == 0, loaded.stderr
        plain = subprocess.run([program(), "status", "--endpoint", f"http://localhost:{port}", "--credentials", str(data / "credentials")],
                               capture_output=True, text=True, timeout=60)
        assert plain.returncode == 3, plain.stderr
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0
