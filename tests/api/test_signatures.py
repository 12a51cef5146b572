"""Signatures at the live server: every route refuses every bad one, and no one-byte change of a good request is accepted."""
import datetime
import json
import random
import socket
import uuid

import pytest

from tests.api.conftest import definition
from tests.support.signed import Signer, quote

UTC = datetime.timezone.utc
JSON11 = {"content-type": "application/x-amz-json-1.1"}
CONTROL = ["CreateFeatureGroup", "DescribeFeatureGroup", "ListFeatureGroups", "UpdateFeatureGroup", "DeleteFeatureGroup",
           "DescribeFeatureMetadata", "UpdateFeatureMetadata", "AddTags", "ListTags", "DeleteTags", "Search"]
PUT = json.dumps({"Record": [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}]})
ROUTES = [
    ("PUT", "/FeatureGroup/g", PUT, {"content-type": "application/json"}),
    ("GET", "/FeatureGroup/g?RecordIdentifierValueAsString=1", "", {}),
    ("DELETE", "/FeatureGroup/g?RecordIdentifierValueAsString=1&EventTime=2026-07-01T00%3A00%3A00Z", "", {}),
    ("POST", "/FeatureGroup/g/Record", "{}", {}),
    ("POST", "/FeatureGroup/g/ListRecords", "{}", {}),
    ("POST", "/BatchGetRecord", "{}", {}),
    ("POST", "/BatchWriteRecord", "{}", {}),
    *(("POST", "/", "{}", {**JSON11, "x-amz-target": f"SageMaker.{operation}"}) for operation in CONTROL),
    ("POST", "/v1/sql", '{"sql": "SELECT 1"}', {}),
    ("POST", "/v1/flush", "", {}),
    ("GET", "/v1/status", "", {}),
    ("POST", "/v1/uploads", "", {}),
    ("PUT", "/v1/uploads/1/1", "x", {}),
    ("POST", "/v1/datasets", "{}", {}),
    ("GET", "/no/such/route", "", {}),
    ("POST", "/", "{}", {}),
]
ROUTE_NAMES = [f"{method} {headers.get('x-amz-target', target.partition('?')[0])}" for method, target, _, headers in ROUTES]


class Wire:
    """A raw connection: bytes out, one answer back. Opens again when the server has closed."""

    def __init__(self, port):
        self.port, self.socket, self.rest = port, None, b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.rest = None, b""

    def send(self, data, timeout=10):
        """Status, headers and body of the answer; None when the server closed without one."""
        for attempt in (1, 2):
            is_fresh = self.socket is None
            if is_fresh:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
            try:
                self.socket.sendall(data)
                answer = self.read()
            except (ConnectionError, BrokenPipeError):
                answer = None
            if answer is not None:
                if answer[1].get("connection", "") == "close":
                    self.close()
                return answer
            self.close()
            if is_fresh:
                return None
        return None

    def read(self):
        data = self.rest
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                return None
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        while len(data) < length:
            more = self.socket.recv(65536)
            if not more:
                return None
            data += more
        self.rest = data[length:]
        return int(lines[0].split(" ")[1]), headers, data[:length]


def message(method, target, headers, body):
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method in ("PUT", "POST"):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def good(endpoint):
    return Signer(endpoint.access_key, endpoint.secret)


@pytest.fixture(scope="module")
def wire(endpoint, control):
    connection = Wire(endpoint.server.port)
    yield connection
    connection.close()


def signed(signer, endpoint, method, target, body, headers, **more):
    return signer.headers(method, f"127.0.0.1:{endpoint.server.port}", target, body, headers, **more)


def attacks(endpoint, method, target, body, headers):
    """Name, headers, and target of requests that no route may accept."""
    good = Signer(endpoint.access_key, endpoint.secret)

    def by(signer, **more):
        return signed(signer, endpoint, method, target, body, headers, **more)

    now = datetime.datetime.now(UTC)
    right = by(good)
    signature = right["Authorization"].rpartition("=")[2]
    bare = {name: value for name, value in right.items() if name != "Authorization"}
    yield "no signature", bare, target
    yield "empty authorization", {**right, "Authorization": ""}, target
    yield "empty signature", {**right, "Authorization": right["Authorization"].replace(signature, "")}, target
    yield "upper-case signature", {**right, "Authorization": right["Authorization"].replace(signature, "A" + signature.upper()[1:])}, target
    yield "other signature", {**right, "Authorization": right["Authorization"].replace(signature, signature[::-1])}, target
    yield "bearer", {**bare, "Authorization": "Bearer " + signature}, target
    yield "basic", {**bare, "Authorization": "Basic YTpi"}, target
    yield "wrong secret", by(Signer(endpoint.access_key, endpoint.secret + "x")), target
    yield "unknown key", by(Signer("AKIDNOBODY", endpoint.secret)), target
    yield "other service", by(Signer(endpoint.access_key, endpoint.secret, service="s3")), target
    yield "other region", by(Signer(endpoint.access_key, endpoint.secret, region="eu-west-1")), target
    yield "expired", by(good, now=now - datetime.timedelta(seconds=301)), target
    yield "not yet current", by(good, now=now + datetime.timedelta(seconds=303)), target
    yield "other day", by(good, now=now - datetime.timedelta(days=1)), target
    yield "date changed", {**right, "x-amz-date": (now + datetime.timedelta(seconds=2)).strftime("%Y%m%dT%H%M%SZ")}, target
    yield "no date", {name: value for name, value in right.items() if name != "x-amz-date"}, target
    yield "unsigned x-amz header", {**right, "x-amz-meta": "1"}, target
    yield "session token", signed(good, endpoint, method, target, body, {**headers, "x-amz-security-token": "t"}), target
    yield "unsigned payload", signed(good, endpoint, method, target, body, {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}), target
    yield "streaming payload", signed(good, endpoint, method, target, body, {
        **headers, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}), target
    separator = "&" if "?" in target else "?"
    query = (f"{target}{separator}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={endpoint.access_key}&X-Amz-Signature={signature}"
             f"&X-Amz-SignedHeaders=host&X-Amz-Date={right['x-amz-date']}&X-Amz-Expires=300")
    yield "query credentials", bare, query
    yield "query credentials beside a header", signed(good, endpoint, method, query, body, headers), query


@pytest.mark.parametrize(("method", "target", "body", "headers"), ROUTES, ids=ROUTE_NAMES)
def test_every_route_refuses_every_attack(endpoint, wire, method, target, body, headers):
    body = body.encode()
    for name, attack, attacked_target in attacks(endpoint, method, target, body, headers):
        answer = wire.send(message(method, attacked_target, attack, body))
        assert answer is not None, name
        status, answer_headers, answer_body = answer
        assert status in (400, 403), (name, status, answer_body)
        kind = answer_headers["x-amzn-errortype"]
        assert kind in ("InvalidSignatureException", "MissingAuthenticationTokenException", "IncompleteSignatureException",
                        "UnrecognizedClientException"), (name, kind)
        assert status == (400 if kind == "IncompleteSignatureException" else 403), name
        assert "date" in answer_headers and "x-amzn-requestid" in answer_headers, name
        text = json.loads(answer_body)
        assert text.get("Message") or text.get("message"), name
        assert endpoint.secret.encode() not in answer_body


@pytest.mark.parametrize(("method", "target", "body", "headers"), ROUTES, ids=ROUTE_NAMES)
def test_every_route_accepts_a_good_signature(endpoint, wire, good, method, target, body, headers):
    answer = wire.send(message(method, target, signed(good, endpoint, method, target, body.encode(), headers), body.encode()))
    assert answer is not None and answer[0] not in (401, 403), answer
    assert "Signature" not in answer[1].get("x-amzn-errortype", "")


def test_duplicate_headers(endpoint, wire, good):
    headers = signed(good, endpoint, "GET", "/v1/status", b"", {})
    base = message("GET", "/v1/status", headers, b"")
    assert wire.send(base)[0] == 200
    for name in ("Authorization", "x-amz-date"):
        doubled = base.replace(b"\r\n\r\n", f"\r\n{name}: {headers[name]}\r\n\r\n".encode())
        assert wire.send(doubled)[0] in (400, 403)


def test_skew_within_five_minutes(endpoint, wire, good):
    for seconds in (-297, 297):
        now = datetime.datetime.now(UTC) + datetime.timedelta(seconds=seconds)
        assert wire.send(message("GET", "/v1/status", signed(good, endpoint, "GET", "/v1/status", b"", {}, now=now), b""))[0] == 200


def test_the_texts_of_the_service(endpoint, wire, good):
    def said(headers):
        return json.loads(wire.send(message("GET", "/v1/status", headers, b""))[2])["Message"]

    assert said({"host": "h"}) == "Missing Authentication Token"
    wrong = signed(Signer(endpoint.access_key, "wrong secret key"), endpoint, "GET", "/v1/status", b"", {})
    assert said(wrong).startswith("The request signature we calculated does not match the signature you provided.")
    nobody = signed(Signer("NOBODY", "secret"), endpoint, "GET", "/v1/status", b"", {})
    assert said(nobody) == "The security token included in the request is invalid."
    late = datetime.datetime.now(UTC) - datetime.timedelta(hours=1)
    assert said(signed(good, endpoint, "GET", "/v1/status", b"", {}, now=late)).startswith(
        "Signature expired: " + late.strftime("%Y%m%dT%H%M%SZ") + " is now earlier than ")


def test_health_needs_no_signature(wire):
    for target in ("/health", "/ready"):
        assert wire.send(f"GET {target} HTTP/1.1\r\nhost: h\r\n\r\n".encode())[0] == 200


def test_readers_may_not_write(own_server, tmp_path):
    path = tmp_path / "credentials"
    path.write_text("[writer]\naws_access_key_id = WRITER\naws_secret_access_key = writer-secret\n"
                    "[reader]\naws_access_key_id = READER\naws_secret_access_key = reader-secret\nasof_access = read\n")
    path.chmod(0o600)
    endpoint = own_server("--credentials", str(path))
    connection = Wire(endpoint.server.port)
    writer, reader = Signer("WRITER", "writer-secret"), Signer("READER", "reader-secret")

    def send(signer, method, target, body=b"", headers=None):
        return connection.send(message(method, target, signed(signer, endpoint, method, target, body, headers or {}), body))

    create = json.dumps(definition("g")).encode()
    create_headers = {**JSON11, "x-amz-target": "SageMaker.CreateFeatureGroup"}
    assert send(reader, "POST", "/", create, create_headers)[0] == 400
    assert send(writer, "POST", "/", create, create_headers)[0] == 200
    put = ("PUT", "/FeatureGroup/g", PUT.encode())
    refused = send(reader, *put)
    assert refused[0] == 403 and refused[1]["x-amzn-errortype"] in ("AccessDeniedException", "AccessForbidden")
    assert send(writer, *put)[0] == 200
    assert send(reader, "GET", "/FeatureGroup/g?RecordIdentifierValueAsString=1")[0] == 200
    assert send(reader, "POST", "/v1/flush")[0] == 403
    assert send(reader, "POST", "/v1/sql", b'{"sql": "SELECT 1 AS one"}')[0] == 200
    connection.close()


# --- ten thousand changes of one byte ---

def good_requests(endpoint, signer, group, other):
    """Requests that the server answers with 200, as bytes, with the places (spans) that a change must not survive."""
    import hashlib
    host = f"127.0.0.1:{endpoint.server.port}"
    put = json.dumps({"Record": [{"FeatureName": "id", "ValueAsString": "k1"},
                                 {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}]}).encode()
    describe = json.dumps({"FeatureGroupName": group}).encode()
    for method, target, body, headers in (
            ("GET", f"/FeatureGroup/{group}?RecordIdentifierValueAsString=k%2F1&FeatureName=id&FeatureName=at", b"", {}),
            ("PUT", f"/FeatureGroup/{quote(f'arn:aws:sagemaker:us-east-1:000000000000:feature-group/{group}')}", put,
             {"content-type": "application/json"}),
            ("PUT", f"/FeatureGroup/{group}", put, {
                "content-type": "application/json", "x-amz-content-sha256": hashlib.sha256(put).hexdigest(),
                "amz-sdk-invocation-id": str(uuid.uuid4()), "amz-sdk-request": "attempt=1; max=3",
                "x-amz-user-agent": "aws-sdk-js/3 ua/2.1"}),
            ("POST", "/", describe, {**JSON11, "x-amz-target": "SageMaker.DescribeFeatureGroup"}),
            ("DELETE", f"/FeatureGroup/{other}?RecordIdentifierValueAsString=1&EventTime=2026-07-01T00%3A00%3A00Z", b"", {})):
        headers = signer.headers(method, host, target, body, headers)
        yield method, target, headers, body


def mutated(chance, text):
    """`text` with one byte changed, so that it is not the same in other letters' case."""
    at = chance.randrange(len(text))
    while True:
        kind = chance.randrange(3)
        byte = (text[at] ^ (1 << chance.randrange(8))) if kind == 0 else chance.randrange(256) if kind == 1 else chance.choice(
            b" \t&=%/,;:Aa09+.-\"{}")
        if byte != text[at]:
            return text[:at] + bytes([byte]) + text[at + 1:]


def test_ten_thousand_mutations(endpoint, wire, good, make_group):
    """A change may leave the request with the same meaning only in a header name's case, or a '=' or '&' of an empty parameter."""
    group, other = make_group().name, make_group().name
    chance = random.Random(20260701)
    tried = 0
    refusals = {}
    while tried < 10_000:
        for method, target, headers, body in good_requests(endpoint, good, group, other):
            base = message(method, target, headers, body)
            answer = wire.send(base)
            assert answer is not None and answer[0] == 200, answer
            names = [f"\r\n{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
            spans = [(0, base.index(b" HTTP/1.1"))]
            for line in names:
                at = base.index(line) + 2
                spans.append((at, at + len(line) - 4))
            if body:
                spans.append((len(base) - len(body), len(base)))
            for _ in range(250):
                start, end = chance.choice(spans) if chance.random() < 0.7 else spans[0]
                part = base[start:end]
                changed = mutated(chance, part)
                if start and end != len(base):
                    name, _, value = part.partition(b":")
                    new_name, colon, new_value = changed.partition(b":")
                    if colon and new_name.lower() == name.lower() and new_value.strip(b" \t") == value.strip(b" \t"):
                        continue
                answer = wire.send(base[:start] + changed + base[end:])
                tried += 1
                status = None if answer is None else answer[0]
                refusals[status] = refusals.get(status, 0) + 1
                assert status is None or 400 <= status < 500, (changed, part, answer)
    assert refusals.get(403, 0) > 5_000, refusals
