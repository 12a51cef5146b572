"""A small signed HTTP client and a server process, from the standard library alone: for load, kill and framing tests."""
import configparser
import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def program():
    return str((ROOT / os.environ.get("ASOF_BIN", "build/asof")).resolve())


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


class Signer:
    """AWS Signature Version 4, header form, as the documents of AWS describe it."""

    def __init__(self, access_key, secret, region="us-east-1", service="sagemaker"):
        self.access_key, self.secret, self.region, self.service = access_key, secret, region, service
        self.key_day, self.key = None, None

    def day_key(self, day):
        if day != self.key_day:
            key = ("AWS4" + self.secret).encode()
            for part in (day, self.region, self.service, "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self.key_day, self.key = day, key
        return self.key

    def headers(self, method, host, target, body=b"", extra=None, now=None):
        now = now or datetime.datetime.now(datetime.timezone.utc)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        path, _, query = target.partition("?")
        signed = {"host": host, "x-amz-date": stamp}
        signed.update({name.lower(): value for name, value in (extra or {}).items()})
        names = ";".join(sorted(signed))
        canonical = "\n".join([
            method,
            urllib.parse.quote(path, safe="/-_.~"),
            "&".join(sorted(query.split("&"))) if query else "",
            "".join(f"{name}:{' '.join(str(signed[name]).split())}\n" for name in sorted(signed)),
            names,
            hashlib.sha256(body).hexdigest(),
        ])
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self.day_key(stamp[:8]), text.encode(), hashlib.sha256).hexdigest()
        signed["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
                                   f"SignedHeaders={names}, Signature={signature}")
        return signed


class Client:
    """One keep-alive connection. Answers (status, error type, body bytes); raises OSError when the peer is gone."""

    def __init__(self, port, signer, timeout=30):
        self.host, self.signer = f"127.0.0.1:{port}", signer
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def close(self):
        self.connection.close()

    def request(self, method, target, body=b"", extra=None):
        headers = self.signer.headers(method, self.host, target, body, extra)
        try:
            self.connection.request(method, target, body=body, headers=headers)
            answer = self.connection.getresponse()
            return answer.status, answer.getheader("x-amzn-ErrorType"), answer.read()
        except http.client.HTTPException as broken:
            self.connection.close()
            raise ConnectionError(str(broken)) from broken
        except OSError:
            self.connection.close()
            raise

    def control(self, operation, members):
        extra = {"x-amz-target": f"SageMaker.{operation}", "content-type": "application/x-amz-json-1.1"}
        status, _, body = self.request("POST", "/", json.dumps(members).encode(), extra)
        return status, json.loads(body) if body else {}

    def put(self, group, values, invocation=None, **members):
        record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        extra = {"content-type": "application/json"}
        if invocation:
            extra["amz-sdk-invocation-id"] = invocation
        return self.request("PUT", f"/FeatureGroup/{quote(group)}", json.dumps({"Record": record, **members}).encode(), extra)

    def delete(self, group, identifier, event_time, invocation=None, mode="SoftDelete"):
        target = (f"/FeatureGroup/{quote(group)}?RecordIdentifierValueAsString={quote(identifier)}"
                  f"&EventTime={quote(event_time)}&DeletionMode={mode}")
        return self.request("DELETE", target, b"", {"amz-sdk-invocation-id": invocation} if invocation else None)

    def get(self, group, identifier):
        status, kind, body = self.request("GET", f"/FeatureGroup/{quote(group)}?RecordIdentifierValueAsString={quote(identifier)}")
        if status != 200:
            raise AssertionError(f"GetRecord answered {status} {kind}: {body!r}")
        record = json.loads(body).get("Record")
        return None if record is None else {one["FeatureName"]: one["ValueAsString"] for one in record}

    def sql(self, text):
        status, _, body = self.request("POST", "/v1/sql", json.dumps({"sql": text, "format": "json"}).encode(),
                                       {"content-type": "application/json"})
        if status != 200:
            raise AssertionError(f"sql answered {status}: {body!r}")
        return json.loads(body)

    def flush(self):
        status, _, body = self.request("POST", "/v1/flush")
        if status != 200:
            raise AssertionError(f"flush answered {status}: {body!r}")


class Server:
    """`asof serve` on a data folder and a free port."""

    def __init__(self, data, *options, prefix=()):
        self.data, self.options, self.prefix = pathlib.Path(data), options, list(prefix)
        self.process, self.port = None, None

    def start(self, timeout=60):
        port_file = self.data.parent / (self.data.name + ".port")
        port_file.unlink(missing_ok=True)
        self.log = open(self.data.parent / (self.data.name + ".log"), "ab")
        self.process = subprocess.Popen(
            [*self.prefix, program(), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--port-file", str(port_file),
             *self.options], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.log_tail()}")
            with contextlib.suppress(FileNotFoundError, ValueError):
                self.port = int(port_file.read_text())
                break
            if time.monotonic() > deadline:
                raise AssertionError(f"the server was not ready in {timeout} s: {self.log_tail()}")
            time.sleep(0.002)
        while True:
            with contextlib.suppress(OSError):
                probe = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                probe.request("GET", "/ready")
                if probe.getresponse().status == 200:
                    return self
            if time.monotonic() > deadline:
                raise AssertionError("the server's port did not become ready")
            time.sleep(0.002)

    def log_tail(self):
        return (self.data.parent / (self.data.name + ".log")).read_text(errors="replace")[-3000:]

    def signer(self):
        parser = configparser.ConfigParser()
        parser.read(self.data / "credentials")
        section = parser[parser.sections()[0]]
        return Signer(section["aws_access_key_id"], section["aws_secret_access_key"])

    def client(self, timeout=30):
        return Client(self.port, self.signer(), timeout)

    def workers(self):
        """Process ids of this server's children."""
        found = []
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        return code


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
