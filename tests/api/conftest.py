"""A real server, and real clients of it: boto3 as Debian has it, boto3 with what the service learned since, the SDK for JavaScript."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import types
import uuid

import boto3
import botocore.config
import botocore.session
import pytest

from tests.api import models
from tests.support.signed import ROOT, Server, program

JS = pathlib.Path(__file__).resolve().parent / "js"
SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior|Memory)Sanitizer|runtime error:|Assertion `|stack smashing")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    if not pathlib.Path(program()).exists():
        pytest.exit(f"no program at {program()}: build it first, or set ASOF_BIN", returncode=2)


class Endpoint:
    """A running server with its credentials, and clients made for it."""

    def __init__(self, server):
        self.server, self.url, self.data = server, f"http://127.0.0.1:{server.port}", server.data
        self.access_key = self.secret = None
        if (server.data / "credentials").exists():
            signer = server.signer()
            self.access_key, self.secret = signer.access_key, signer.secret

    def boto(self, service, session=None, region="us-east-1", **config):
        config.setdefault("retries", {"max_attempts": 0})
        # No credentials of the machine that runs the tests come into play.
        session = session or botocore.session.get_session()
        return boto3.Session(botocore_session=session).client(
            service, endpoint_url=self.url, region_name=region, aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret, config=botocore.config.Config(**config))

    def raw(self, timeout=30):
        return self.server.client(timeout)

    def environment(self):
        """For the AWS CLI and for our own."""
        return {**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_PAGER": "", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                "AWS_EC2_METADATA_DISABLED": "true", "ASOF_ENDPOINT": self.url,
                "ASOF_CREDENTIALS": str(self.data / "credentials")}

    def asof(self, *words, check=True, timeout=300):
        done = subprocess.run([program(), *words], env=self.environment(), capture_output=True, text=True, timeout=timeout)
        assert not check or done.returncode == 0, f"asof {' '.join(words)}: {done.returncode}\n{done.stderr}"
        return done

    def log(self):
        """The server's log so far: parsed lines, and others as text."""
        lines = (self.data.parent / (self.data.name + ".log")).read_text(errors="replace").splitlines()
        return [json.loads(line) if line.startswith("{") else line for line in lines]


def start(folder, *options):
    return Endpoint(Server(folder / "data", *options).start())


def stop(endpoint):
    """A server ends well when told to, and no sanitizer has spoken, its own or a worker's."""
    code = endpoint.server.stop()
    log = (endpoint.data.parent / (endpoint.data.name + ".log")).read_text(errors="replace")
    # A query worker at its memory limit ends so; that the client hears of it is tested where it is provoked.
    log = re.sub(r"==\d+==(ERROR|FATAL): AddressSanitizer: [^\n]*out of memory[^\n]*(\n\s*#[^\n]*)*", "", log)
    found = SANITIZER.search(log)
    assert found is None, log[max(0, found.start() - 500):found.start() + 3000]
    assert code == 0, f"the server ended with {code}:\n{log[-3000:]}"


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    running = start(tmp_path_factory.mktemp("server"), "--feature-groups-max", "20000", "--flush-interval", "24h")
    yield running
    stop(running)


@pytest.fixture
def own_server(tmp_path):
    """Starts servers of the test's own: own_server("--option", …). Each is stopped and looked at."""
    running = []

    def begin(*options, name="own"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        running.append(start(folder, *options))
        return running[-1]

    yield begin
    for one in running:
        if one.server.process.poll() is None:
            stop(one)


@pytest.fixture(scope="session")
def newer_session(tmp_path_factory):
    return models.newer_session(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def plain_control(endpoint):
    return endpoint.boto("sagemaker")


@pytest.fixture(scope="session")
def plain_runtime(endpoint):
    return endpoint.boto("sagemaker-featurestore-runtime")


@pytest.fixture(scope="session")
def control(endpoint, newer_session):
    return endpoint.boto("sagemaker", newer_session, parameter_validation=False)


@pytest.fixture(scope="session")
def runtime(endpoint, newer_session):
    return endpoint.boto("sagemaker-featurestore-runtime", newer_session, parameter_validation=False)


@pytest.fixture
def raw(endpoint):
    client = endpoint.raw()
    yield client
    client.close()


# --- groups ---

FEATURES = {"id": "String", "at": "String", "count": "Integral", "ratio": "Fractional", "note": "String"}


def definition(name=None, features=None, identifier="id", event_time="at", online=True, offline=True, **members):
    """The members of CreateFeatureGroup."""
    input_ = {
        "FeatureGroupName": name or "g-" + uuid.uuid4().hex[:20],
        "RecordIdentifierFeatureName": identifier,
        "EventTimeFeatureName": event_time,
        "FeatureDefinitions": [{"FeatureName": feature, "FeatureType": kind} for feature, kind in (features or FEATURES).items()],
        "RoleArn": "arn:aws:iam::000000000000:role/asof",
    }
    if online:
        input_["OnlineStoreConfig"] = {"EnableOnlineStore": True, **(online if isinstance(online, dict) else {})}
    if offline:
        input_["OfflineStoreConfig"] = {"S3StorageConfig": {"S3Uri": "s3://bucket/prefix"},
                                        **(offline if isinstance(offline, dict) else {})}
    return {**input_, **members}


@pytest.fixture
def make_group(control):
    def make(*words, **members):
        input_ = definition(*words, **members)
        answer = control.create_feature_group(**input_)
        return types.SimpleNamespace(name=input_["FeatureGroupName"], arn=answer["FeatureGroupArn"])

    return make


def record(values):
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def values(answer):
    """Record of an answer as a dictionary, or None when there is none."""
    found = answer.get("Record")
    return None if found is None else {one["FeatureName"]: one["ValueAsString"] for one in found}


def refused(call, code, *words, status=None):
    """Calls, and returns the error: it must have the code, and these words in its message (members are named in either case there)."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    for word in words:
        assert word.lower() in error["Message"].lower(), error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error


# --- JavaScript ---

class JsError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['name']}: {error['message']}")
        self.name, self.message, self.status, self.attempts = error["name"], error["message"], error["status"], error["attempts"]


class Js:
    """The SDK for JavaScript in one Node process."""

    def __init__(self, endpoint, clock_offset_ms=0):
        self.endpoint = endpoint
        self.process = subprocess.Popen(["node", "--no-warnings", "driver.mjs"], cwd=JS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, encoding="utf-8", env={**os.environ, "CLOCK_OFFSET_MS": str(clock_offset_ms)})

    def send(self, plane, operation, input_, **more):
        command = {"endpoint": self.endpoint.url, "accessKeyId": self.endpoint.access_key, "secretAccessKey": self.endpoint.secret,
                   "plane": plane, "operation": operation, "input": input_, **more}
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise JsError(answer["error"])
        return answer["output"]

    def runtime(self, operation, **input_):
        return self.send("runtime", operation, input_)

    def control(self, operation, **input_):
        return self.send("control", operation, input_)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def node_modules():
    """Installed as the lock file says, when they are not there yet."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    stamp, lock = JS / "node_modules" / ".installed", (JS / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=JS, check=True, timeout=300)
        stamp.write_text(lock)
    return JS / "node_modules"


@pytest.fixture(scope="session")
def js(endpoint, node_modules):
    driver = Js(endpoint)
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def read_parquet(node_modules):
    """Reads files with two readers that are not ours: read_parquet([paths]) gives an answer of read_parquet.mjs a file."""
    def read(paths):
        done = subprocess.run(["node", "--no-warnings", "read_parquet.mjs"], cwd=JS, input="".join(f"{path}\n" for path in paths),
                              capture_output=True, text=True, encoding="utf-8", timeout=300)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return read


@pytest.fixture(scope="session")
def shared():
    folder = pathlib.Path(os.environ.get("ASOF_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    return folder
