"""HTTP framing at a raw socket: what is ambiguous is refused and the connection closed, and limits hold before memory is taken."""
import json
import re
import socket
import time

import pytest

from tests.api.test_signatures import Wire, message, signed
from tests.support.signed import Signer


@pytest.fixture
def wire(endpoint):
    connection = Wire(endpoint.server.port)
    yield connection
    connection.close()


def exchange(endpoint, data, timeout=10):
    """All that the server answers to these bytes until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", endpoint.server.port), timeout=timeout) as connection:
        connection.sendall(data)
        received, is_closed = b"", False
        connection.settimeout(0.5)
        try:
            while True:
                more = connection.recv(65536)
                if not more:
                    is_closed = True
                    break
                received += more
        except TimeoutError:
            pass
        except ConnectionResetError:
            is_closed = True
        return received, is_closed


H = b"host: h\r\n"
BAD = {
    "length and chunked": b"POST / HTTP/1.1\r\n" + H + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + H + b"content-length: 0\r\ncontent-length: 1\r\n\r\n",
    "the same length twice": b"POST / HTTP/1.1\r\n" + H + b"content-length: 0\r\ncontent-length: 0\r\n\r\n",
    "a list of lengths": b"POST / HTTP/1.1\r\n" + H + b"content-length: 0, 0\r\n\r\n",
    "plus length": b"POST / HTTP/1.1\r\n" + H + b"content-length: +3\r\n\r\nabc",
    "minus length": b"POST / HTTP/1.1\r\n" + H + b"content-length: -3\r\n\r\nabc",
    "hex length": b"POST / HTTP/1.1\r\n" + H + b"content-length: 0x3\r\n\r\nabc",
    "empty length": b"POST / HTTP/1.1\r\n" + H + b"content-length: \r\n\r\n",
    "length with a blank": b"POST / HTTP/1.1\r\n" + H + b"content-length: 1 1\r\n\r\n",
    "other coding": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: gzip\r\n\r\n",
    "coding list": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd chunked": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\n" + H + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nhost : h\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\n" + H + b"a: b\r\n c\r\n\r\n",
    "bare line feed": b"GET / HTTP/1.1\nhost: h\n\n",
    "line feed in headers": b"GET / HTTP/1.1\r\nhost: h\na: b\r\n\r\n",
    "bare carriage return": b"GET / HTTP/1.1\r\n" + H + b"a: b\rc: d\r\n\r\n",
    "nul in a value": b"GET / HTTP/1.1\r\n" + H + b"a: b\0c\r\n\r\n",
    "control in a value": b"GET / HTTP/1.1\r\n" + H + b"a: b\x01c\r\n\r\n",
    "nul in a name": b"GET / HTTP/1.1\r\n" + H + b"a\0: b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + H + b"nonsense\r\n\r\n",
    "empty name": b"GET / HTTP/1.1\r\n" + H + b": b\r\n\r\n",
    "odd name": b"GET / HTTP/1.1\r\n" + H + b"a(b): c\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\na: b\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\n" + H + b"\r\n",
    "a tab": b"GET\t/ HTTP/1.1\r\n" + H + b"\r\n",
    "no version": b"GET /\r\n" + H + b"\r\n",
    "version 2": b"GET / HTTP/2.0\r\n" + H + b"\r\n",
    "version 1.2": b"GET / HTTP/1.2\r\n" + H + b"\r\n",
    "lower-case version": b"GET / http/1.1\r\n" + H + b"\r\n",
    "no target": b"GET  HTTP/1.1\r\n" + H + b"\r\n",
    "fragment": b"GET /#x HTTP/1.1\r\n" + H + b"\r\n",
    "relative target": b"GET health HTTP/1.1\r\n" + H + b"\r\n",
    "control in target": b"GET /\x7f HTTP/1.1\r\n" + H + b"\r\n",
    "binary": bytes(range(256)) + b"\r\n\r\n",
    "tls hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n",
    "chunk of no size": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n\r\n\r\n",
    "chunk of odd size": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "chunk of minus size": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
    "chunk of huge size": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "chunk without its end": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "line feed in a chunk line": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    "long chunk extension": b"POST / HTTP/1.1\r\n" + H + b"transfer-encoding: chunked\r\n\r\n1;" + b"a" * 300 + b"\r\na\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_framing_is_refused_and_closed(endpoint, name):
    smuggled = b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n"
    received, is_closed = exchange(endpoint, BAD[name] + smuggled)
    assert len(re.findall(rb"HTTP/1\.1 \d", received)) <= 1, received
    if received:
        status = int(received.split(b" ")[1])
        assert status in (400, 413, 501, 505), received
    assert is_closed


def test_limits(endpoint):
    def status(data):
        received, is_closed = exchange(endpoint, data)
        assert is_closed, data[:60]
        return int(received.split(b" ")[1])

    assert status(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + H + b"\r\n") == 414
    assert status(b"GET / HTTP/1.1\r\n" + H + b"a: " + b"b" * 17000 + b"\r\n\r\n") == 431
    assert status(b"GET / HTTP/1.1\r\n" + H + b"".join(b"a%d: b\r\n" % number for number in range(120)) + b"\r\n") == 431
    assert status(b"PUT /FeatureGroup/g HTTP/1.1\r\n" + H + b"content-length: 9223372036854775807\r\n\r\n") == 413
    assert status(b"PUT /FeatureGroup/g HTTP/1.1\r\n" + H + b"content-length: 99999999999999999999999\r\n\r\n") in (400, 413)
    assert status(b"POST / HTTP/1.1\r\n" + H + b"content-length: 4194305\r\n\r\n") == 413


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_declared_lengths_take_no_memory(endpoint):
    before = resident_kb(endpoint.server.process.pid)
    connections = []
    for _ in range(50):
        connection = socket.create_connection(("127.0.0.1", endpoint.server.port))
        connection.sendall(b"POST /BatchWriteRecord HTTP/1.1\r\n" + H + b"content-length: 50000000\r\n\r\n{")
        connections.append(connection)
    time.sleep(0.5)
    assert resident_kb(endpoint.server.process.pid) - before < 20_000
    for connection in connections:
        connection.close()


def test_good_framing(endpoint, wire):
    signer = Signer(endpoint.access_key, endpoint.secret)
    assert wire.send(b"GET /health HTTP/1.1\r\nHOST:h\r\nA:\t b \t\r\n\r\n")[0] == 200
    body = json.dumps({"sql": "SELECT 1 AS one", "format": "json"}).encode()
    headers = signed(signer, endpoint, "POST", "/v1/sql", body, {})
    head = message("POST", "/v1/sql", headers, body)[:-len(body)]
    chunked = head.replace(b"content-length: %d" % len(body), b"Transfer-Encoding: chunked")
    chunks = b"5;ext=1\r\n" + body[:5] + b"\r\n" + b"%X\r\n" % (len(body) - 5) + body[5:] + b"\r\n0\r\ntrailer: dropped\r\n\r\n"
    assert wire.send(chunked + chunks)[0] == 200
    assert wire.send(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")[0] == 200


def test_pipelined_requests_are_answered_in_order(endpoint):
    received, _ = exchange(endpoint, b"".join(b"GET /%s HTTP/1.1\r\nhost: h\r\n\r\n" % target
                                              for target in (b"health", b"nothing", b"health", b"ready")))
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses[0] == 200 and statuses[1] in (403, 404) and statuses[2:] == [200, 200]


def test_a_request_byte_by_byte(endpoint):
    signer = Signer(endpoint.access_key, endpoint.secret)
    body = b'{"sql": "SELECT 1 AS one", "format": "json"}'
    data = message("POST", "/v1/sql", signed(signer, endpoint, "POST", "/v1/sql", body, {}), body)
    with socket.create_connection(("127.0.0.1", endpoint.server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            connection.sendall(data[at:at + 1])
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_expect_continue(endpoint):
    signer = Signer(endpoint.access_key, endpoint.secret)
    body = b'{"sql": "SELECT 1 AS one", "format": "json"}'
    data = message("POST", "/v1/sql", {**signed(signer, endpoint, "POST", "/v1/sql", body, {}), "Expect": "100-continue"}, body)
    with socket.create_connection(("127.0.0.1", endpoint.server.port), timeout=20) as connection:
        connection.sendall(data[:-len(body)])
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_closing(endpoint):
    received, is_closed = exchange(endpoint, b"GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ") and is_closed
    received, is_closed = exchange(endpoint, b"GET /health HTTP/1.0\r\nhost: h\r\n\r\n")
    assert received.startswith(b"HTTP/1.") and is_closed
    received, is_closed = exchange(endpoint, b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ") and not is_closed


def test_other_methods(endpoint, wire):
    signer = Signer(endpoint.access_key, endpoint.secret)
    for method in ("PATCH", "OPTIONS", "TRACE", "BREW"):
        answer = wire.send(message(method, "/FeatureGroup/g", signed(signer, endpoint, method, "/FeatureGroup/g", b"", {}), b""))
        wire.close()
        assert answer is None or answer[0] in (400, 404, 405, 501), (method, answer)


def test_head_has_no_body(endpoint):
    signer = Signer(endpoint.access_key, endpoint.secret)
    for target in ("/health", "/FeatureGroup/g"):
        head = message("HEAD", target, signed(signer, endpoint, "HEAD", target, b"", {}), b"")
        received, _ = exchange(endpoint, head + b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
        first, _, rest = received.partition(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 ") and (rest == b"" or rest.startswith(b"HTTP/1.1 200 ")), received


def test_a_slow_head_is_cut_off(endpoint):
    """Bytes that trickle in do not buy time: the head has a deadline of ten seconds in all."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", endpoint.server.port), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: h\r\n")
        connection.settimeout(0.5)
        while time.monotonic() - began < 25:
            try:
                connection.sendall(b"a: b\r\n")
                if connection.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert 8 < time.monotonic() - began < 16


def test_others_are_served_beside_slow_ones(endpoint, wire):
    slow = []
    for _ in range(300):
        connection = socket.create_connection(("127.0.0.1", endpoint.server.port))
        connection.sendall(b"GET / HTTP/1.1\r\n")
        slow.append(connection)
    worst = 0.0
    for _ in range(100):
        began = time.monotonic()
        assert wire.send(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")[0] == 200
        worst = max(worst, time.monotonic() - began)
    for connection in slow:
        connection.close()
    assert worst < 0.5


def test_a_reader_that_stops_reading(endpoint, make_group, runtime):
    """Answers that nobody reads are bounded, and other clients go on."""
    group = make_group()
    big = "x" * 300_000
    for number in range(20):
        runtime.put_record(FeatureGroupName=group.name, Record=[
            {"FeatureName": "id", "ValueAsString": str(number)}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"},
            {"FeatureName": "note", "ValueAsString": big}])
    signer = Signer(endpoint.access_key, endpoint.secret)
    body = json.dumps({"Identifiers": [{"FeatureGroupName": group.name,
                                        "RecordIdentifiersValueAsString": [str(number) for number in range(20)]}]}).encode()
    data = message("POST", "/BatchGetRecord", signed(signer, endpoint, "POST", "/BatchGetRecord", body, {}), body)
    stuck = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", endpoint.server.port))
        connection.sendall(data)
        stuck.append(connection)
    assert runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1")["Record"][2]["ValueAsString"] == big
    for connection in stuck:
        connection.close()
