"""The server as its keepers see it: probes, metrics, log, one server a folder, restart, TLS, secrets."""
import json
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.request

import pytest

from tests.api.conftest import SANITIZER, definition, record, refused, stop, values
from tests.support.signed import Server, program

T1 = "2026-07-01T00:00:00Z"


def fetch(endpoint, path):
    with urllib.request.urlopen(endpoint.url + path, timeout=10) as answer:
        return answer.read().decode()


def metrics(endpoint):
    found = {}
    for line in fetch(endpoint, "/metrics").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def clients(endpoint, session):
    return endpoint.boto("sagemaker", session), endpoint.boto("sagemaker-featurestore-runtime", session)


def test_help():
    for words in (["--help"], ["serve", "--help"]):
        done = subprocess.run([program(), *words], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and len(done.stdout) > 200 and not SANITIZER.search(done.stderr)
    options = subprocess.run([program(), "serve", "--help"], capture_output=True, text=True, timeout=10).stdout
    for option in ("--data", "--listen", "--tls-certificate", "--tls-key", "--credentials", "--region", "--account", "--flush-interval"):
        assert option in options


@pytest.mark.parametrize("words", [[], ["serve"], ["serve", "--no-such-option"], ["serve", "--data"], ["nonsense"],
                                   ["serve", "--data", "/tmp/x", "--account", "12"], ["serve", "--data", "/tmp/x", "--listen", "nowhere"],
                                   ["serve", "--data", "/tmp/x", "--listen", "0.0.0.0:0"]])
def test_wrong_command_lines(words):
    done = subprocess.run([program(), *words], capture_output=True, text=True, timeout=20)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT) and (done.stderr or done.stdout)
    assert not SANITIZER.search(done.stderr)


def test_metrics(own_server, newer_session):
    endpoint = own_server()
    control, runtime = clients(endpoint, newer_session)
    control.create_feature_group(**definition("g"))
    for number in range(7):
        runtime.put_record(FeatureGroupName="g", Record=record({"id": str(number), "at": T1}))
    runtime.get_record(FeatureGroupName="g", RecordIdentifierValueAsString="1")
    refused(lambda: runtime.get_record(FeatureGroupName="none", RecordIdentifierValueAsString="1"), "ResourceNotFound")
    text = fetch(endpoint, "/metrics")
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) asof_\w+ .+|asof_\w+(\{[^}]*\})? [-+0-9.eE]+", line), line
    found = metrics(endpoint)

    def of(name, operation):
        return sum(value for key, value in found.items() if key.startswith(name) and f'operation="{operation}"' in key)

    assert of("asof_requests_total", "PutRecord") == 7 and of("asof_requests_total", "GetRecord") == 2
    assert any("bucket" in key and 'operation="PutRecord"' in key and 'le="+Inf"' in key and value == 7 for key, value in found.items())
    unflushed = [key for key in found if "unflushed" in key and "rows" in key]
    assert unflushed and found[unflushed[0]] == 7
    endpoint.raw(300).flush()
    assert metrics(endpoint)[unflushed[0]] == 0


def test_one_log_line_a_request(own_server, newer_session):
    endpoint = own_server()
    control, runtime = clients(endpoint, newer_session)
    control.create_feature_group(**definition("g"))
    canary = "canary-\u001b[31m\r\nvalue"
    answer = runtime.put_record(FeatureGroupName="g", Record=record({"id": canary, "at": T1, "note": canary}))
    refused(lambda: runtime.put_record(FeatureGroupName="g", Record=record({"id": "1"})), "ValidationError")
    stop(endpoint)
    lines = [line for line in endpoint.log() if isinstance(line, dict)]
    text = (endpoint.data.parent / (endpoint.data.name + ".log")).read_text()
    requests = [line for line in lines if line.get("operation") == "PutRecord"]
    assert len(requests) == 2
    assert requests[0]["status"] == 200 and requests[1]["status"] == 400
    assert answer["ResponseMetadata"]["RequestId"] in json.dumps(requests[0])
    assert all(isinstance(line.get("latency_us"), int) for line in requests)
    assert endpoint.secret not in text and "\u001b" not in text


def test_secrets_stay_secret(endpoint):
    pid = endpoint.server.process.pid
    for path in (f"/proc/{pid}/cmdline", f"/proc/{pid}/environ"):
        with open(path, "rb") as opened:
            assert endpoint.secret.encode() not in opened.read()
    assert endpoint.secret not in fetch(endpoint, "/metrics")
    assert oct((endpoint.data / "credentials").stat().st_mode & 0o777) == "0o600"
    for folder, _, files in os.walk(endpoint.data):
        for name in files:
            path = os.path.join(folder, name)
            if name != "credentials" and os.path.getsize(path) < 1 << 20:
                with open(path, "rb") as opened:
                    assert endpoint.secret.encode() not in opened.read(), path
            assert os.stat(path).st_mode & 0o077 == 0, path


def test_a_second_server_is_refused(own_server):
    endpoint = own_server()
    done = subprocess.run([program(), "serve", "--data", str(endpoint.data), "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode != 0 and "in use" in done.stderr
    assert fetch(endpoint, "/ready") is not None


def test_other_region_and_account(own_server, newer_session):
    endpoint = own_server("--region", "eu-central-1", "--account", "123456789012")
    control = endpoint.boto("sagemaker", newer_session, region="eu-central-1")
    arn = control.create_feature_group(**definition("g"))["FeatureGroupArn"]
    assert arn == "arn:aws:sagemaker:eu-central-1:123456789012:feature-group/g"
    refused(lambda: endpoint.boto("sagemaker", newer_session).list_feature_groups(), "InvalidSignatureException")


def test_data_survives_restarts(own_server, newer_session):
    endpoint = own_server(name="kept")
    control, runtime = clients(endpoint, newer_session)
    control.create_feature_group(**definition("g"))
    for cycle in range(3):
        runtime.put_record(FeatureGroupName="g", Record=record({"id": f"k{cycle}", "at": T1, "note": str(cycle)}))
        if cycle == 1:
            endpoint.raw(300).flush()
            runtime.delete_record(FeatureGroupName="g", RecordIdentifierValueAsString="k0", EventTime="2026-07-02T00:00:00Z")
        stop(endpoint)
        endpoint = own_server(name="kept")
        control, runtime = clients(endpoint, newer_session)
    found = [values(runtime.get_record(FeatureGroupName="g", RecordIdentifierValueAsString=f"k{cycle}")) for cycle in range(3)]
    assert [one and one["note"] for one in found] == [None, "1", "2"]
    rows = endpoint.raw().sql('SELECT id, is_deleted FROM "g" ORDER BY api_invocation_time')
    assert [(row["id"], row["is_deleted"]) for row in rows] == [("k0", False), ("k1", False), ("k0", True), ("k2", False)]
    assert sorted(runtime.list_records(FeatureGroupName="g")["RecordIdentifiers"]) == ["k1", "k2"]


def test_flushes_on_its_own(own_server, newer_session):
    endpoint = own_server("--flush-interval", "200ms")
    control, runtime = clients(endpoint, newer_session)
    control.create_feature_group(**definition("g"))
    runtime.put_record(FeatureGroupName="g", Record=record({"id": "1", "at": T1}))
    deadline = time.monotonic() + 20
    while not list(endpoint.data.glob("offline/**/*.parquet")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(endpoint.raw().sql('SELECT id FROM "g"')) == 1


def test_credentials_are_read_again(own_server, tmp_path, newer_session):
    path = tmp_path / "credentials"
    path.write_text("[a]\naws_access_key_id = KEYA\naws_secret_access_key = secret-of-a\n")
    path.chmod(0o600)
    server = Server(tmp_path / "data", "--credentials", str(path)).start()
    try:
        from tests.support.signed import Client, Signer
        first, second = (Client(server.port, Signer(f"KEY{name}", f"secret-of-{name.lower()}")) for name in "AB")
        assert first.request("GET", "/v1/status")[0] == 200 and second.request("GET", "/v1/status")[0] == 403
        path.write_text("[b]\naws_access_key_id = KEYB\naws_secret_access_key = secret-of-b\n")
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while second.request("GET", "/v1/status")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert first.request("GET", "/v1/status")[0] == 403
        path.write_text("broken")
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert second.request("GET", "/v1/status")[0] == 200
    finally:
        assert server.stop() == 0


def test_credentials_that_others_may_read_are_refused(tmp_path):
    path = tmp_path / "credentials"
    path.write_text("[a]\naws_access_key_id = KEYA\naws_secret_access_key = secret-of-a\n")
    path.chmod(0o644)
    done = subprocess.run([program(), "serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--credentials", str(path)],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "0600" in done.stderr and "secret-of-a" not in done.stderr


def test_tls(own_server, tmp_path, newer_session):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out",
                    str(certificate)], check=True, capture_output=True)
    server = Server(tmp_path / "data", "--tls-certificate", str(certificate), "--tls-key", str(key))
    port_file = tmp_path / "data.port"
    log = open(tmp_path / "data.log", "wb")
    server.process = subprocess.Popen([program(), "serve", "--data", str(server.data), "--listen", "127.0.0.1:0", "--port-file",
                                       str(port_file), *server.options], stdout=log, stderr=log)
    server.log = log
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists() or not port_file.read_text():
            assert time.monotonic() < deadline and server.process.poll() is None
            time.sleep(0.02)
        port = int(port_file.read_text())
        context = ssl.create_default_context(cafile=str(certificate))
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/health", context=context, timeout=10) as answer:
            assert answer.status == 200
        import boto3
        signer = server.signer()
        session = boto3.Session(botocore_session=newer_session)
        common = {"endpoint_url": f"https://127.0.0.1:{port}", "region_name": "us-east-1", "aws_access_key_id": signer.access_key,
                  "aws_secret_access_key": signer.secret, "verify": str(certificate)}
        session.client("sagemaker", **common).create_feature_group(**definition("g"))
        runtime = session.client("sagemaker-featurestore-runtime", **common)
        runtime.put_record(FeatureGroupName="g", Record=record({"id": "1", "at": T1, "note": "x" * 300_000}))
        assert len(values(runtime.get_record(FeatureGroupName="g", RecordIdentifierValueAsString="1"))["note"]) == 300_000
        old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                             input=b"", capture_output=True, timeout=20)
        assert old.returncode != 0
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10)
    finally:
        assert server.stop() == 0


def test_ends_while_clients_are_connected(own_server, newer_session):
    endpoint = own_server()
    raw = endpoint.raw()
    assert raw.request("GET", "/v1/status")[0] == 200
    began = time.monotonic()
    stop(endpoint)
    assert time.monotonic() - began < 10


def test_status(raw):
    status, _, body = raw.request("GET", "/v1/status")
    assert status == 200 and isinstance(json.loads(body), dict)


@pytest.mark.parametrize("uri", ["s3://b/../../etc", "s3://../x", "s3://b/a/../../../x", "s3://b/%2e%2e/x", "s3://b//x", "s3://b/é\\x"])
def test_prefixes_never_leave_the_data_folder(own_server, newer_session, uri):
    """A prefix is a folder below the data folder, whatever its segments are called; or it is refused."""
    endpoint = own_server()
    control, runtime = clients(endpoint, newer_session)
    try:
        control.create_feature_group(**definition("g", offline={"S3StorageConfig": {"S3Uri": uri}}))
    except control.exceptions.ClientError as error:
        assert "S3Uri" in error.response["Error"]["Message"]
        return
    runtime.put_record(FeatureGroupName="g", Record=record({"id": "1", "at": T1}))
    endpoint.raw(300).flush()
    found = [path for path in endpoint.data.parent.rglob("*.parquet") if "manifest" not in path.parts]
    assert found and all(endpoint.data / "offline" in path.resolve().parents for path in found)
    assert len(endpoint.raw().sql('SELECT id FROM "g"')) == 1


def test_names_never_leave_the_data_folder(own_server, newer_session):
    endpoint = own_server()
    control, runtime = clients(endpoint, newer_session)
    before = set(os.listdir(endpoint.data.parent))
    control.create_feature_group(**definition("g"))
    for identifier in ("../../../escape", "..", "/etc/passwd", "a\u0000b", "CON", "x" * 2048):
        runtime.put_record(FeatureGroupName="g", Record=record({"id": identifier, "at": T1}))
    endpoint.raw(300).flush()
    assert set(os.listdir(endpoint.data.parent)) - before <= {"data.port", "data.log"}
    assert not [path for path in endpoint.data.rglob("*") if "escape" in path.name or "passwd" in path.name]
