"""POST /v1/datasets against an answer by brute force: plain lists and sorting, nothing of the server's."""
import csv
import datetime
import io
import json
import random
import subprocess
import time

import pytest

from tests.support.signed import Client, Signer, program, quote

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def iso(microseconds):
    """The instant as text, with no more digits than it needs."""
    text = (EPOCH + datetime.timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def upload(client, body, part_bytes=None):
    status, _, answer = client.request("POST", "/v1/uploads")
    assert status == 200, answer
    upload_id = json.loads(answer)["UploadId"]
    part_bytes = part_bytes or max(len(body), 1)
    for number, at in enumerate(range(0, max(len(body), 1), part_bytes)):
        status, kind, answer = client.request("PUT", f"/v1/uploads/{upload_id}/{number}", body[at:at + part_bytes])
        assert status == 200, (kind, answer)
    return upload_id


def ask(client, upload_id, groups, **members):
    body = json.dumps({"UploadId": upload_id, "Groups": groups, "Format": "csv", **members}).encode()
    return client.request("POST", "/v1/datasets", body, {"content-type": "application/json"})


def dataset(client, labels, groups, **members):
    status, kind, answer = ask(client, upload(client, labels.encode(), 100), groups, **members)
    assert status == 200, (kind, answer)
    return list(csv.reader(io.StringIO(answer.decode())))


def refused(client, labels, groups, *words, status=400, **members):
    found, kind, answer = ask(client, upload(client, labels.encode()), groups, **members)
    assert found == status, (found, answer)
    message = json.loads(answer)["Message"]
    for word in words:
        assert word in message, message


# --- brute force ---

class History:
    """What was written to one group, as the test knows it."""

    def __init__(self, client, name):
        self.client, self.name, self.rows = client, name, []

    def put(self, key, event, value, ttl=None):
        members = {} if ttl is None else {"TtlDuration": {"Unit": "Seconds", "Value": ttl}}
        status, kind, answer = self.client.put(self.name, {"id": key, "at": iso(event), "count": str(value)}, **members)
        assert status == 200, (kind, answer)
        self.rows.append({"key": key, "event": event, "value": str(value), "ttl": ttl, "deleted": False})

    def delete(self, key, event):
        status, kind, answer = self.client.delete(self.name, key, iso(event))
        # One that is too old to act online is written to the history all the same.
        assert status in (200, 400, 409), (kind, answer)
        self.rows.append({"key": key, "event": event, "value": None, "ttl": None, "deleted": True, "status": status})

    def learn_arrivals(self):
        """In order of writing, which is order of arrival."""
        status, _, answer = self.client.request("POST", "/v1/sql", json.dumps({
            "Sql": f'SELECT id, is_deleted, epoch_us(api_invocation_time) AS a FROM "{self.name}" ORDER BY a'}).encode(),
            {"content-type": "application/json"})
        assert status == 200, answer
        arrived = json.loads(answer)
        # A delete that was refused outright left nothing.
        self.rows = [row for row in self.rows if not row["deleted"] or row["status"] == 200 or len(arrived) == len(self.rows)]
        assert len(arrived) == len(self.rows)
        for row, seen in zip(self.rows, arrived):
            assert (row["key"], row["deleted"]) == (seen["id"], seen["is_deleted"])
            row["arrival"] = seen["a"]

    def answer(self, key, label, as_seen):
        candidates = [row for row in self.rows if row["key"] == key and row["event"] <= label
                      and (not as_seen or row["arrival"] <= label)]
        if not candidates:
            return None
        best = sorted(candidates, key=lambda row: (row["event"], not row["deleted"], row["arrival"]))[-1]
        expired = best["ttl"] is not None and best["event"] + best["ttl"] * 1_000_000 <= label
        return None if best["deleted"] or expired else best


@pytest.mark.parametrize("seed", range(6))
def test_datasets_by_brute_force(raw, make_group, seed):
    draw = random.Random(seed)
    histories = [History(raw, make_group(features={"id": "String", "at": "String", "count": "Integral"}).name) for _ in range(2)]
    # A grid around now, so that rows arrive before, at and after labels' times.
    base = int(time.time() * 1_000_000) // 1_000_000 * 1_000_000
    grid = [base + step * 500_000 for step in range(-6, 8)]
    for step in range(90):
        history = draw.choice(histories)
        key, event = draw.choice("abc"), draw.choice(grid)
        if draw.random() < 0.2:
            history.delete(key, event)
        else:
            history.put(key, event, step, ttl=draw.choice([None, None, 1, 2, 30]))
        if step in (20, 50):
            raw.flush()
    for history in histories:
        history.learn_arrivals()
    arrivals = [row["arrival"] for history in histories for row in history.rows]
    labels = []
    for number in range(120):
        moment = draw.choice([draw.choice(grid), draw.choice(grid) + draw.choice([-1, 1]), draw.choice(arrivals),
                              draw.choice(arrivals) + draw.choice([-1, 1]), base + 3_600_000_000])
        labels.append((f"n{number}", draw.choice("abcd"), draw.choice("abcd"), moment))
    text = "note,id,other,at\n" + "".join(f"{note},{one},{two},{iso(moment)}\n" for note, one, two, moment in labels)
    first, second = (history.name for history in histories)
    answers = 0
    for as_seen in (False, True):
        found = dataset(raw, text, [first, second], AsSeen=as_seen, Keys={second: "other"})
        assert found[0] == ["note", "id", "other", "at", f"{first}.at", "count", f"{second}.at", f"{second}.count"]
        expected = []
        for note, one, two, moment in labels:
            row = [note, one, two, iso(moment)]
            for history, key in zip(histories, (one, two)):
                best = history.answer(key, moment, as_seen)
                row += ["", ""] if best is None else [iso(best["event"]), best["value"]]
                answers += best is not None
            expected.append(row)
        assert found[1:] == expected, f"seed {seed}, as seen {as_seen}"
    assert answers > 50


# --- labels and members ---

@pytest.fixture
def scored(raw, make_group):
    name = make_group(features={"id": "Integral", "at": "String", "count": "Integral"}).name
    for event, value in (("2026-07-01T00:00:00Z", 1), ("2026-07-02T00:00:00Z", 2)):
        assert raw.put(name, {"id": "7", "at": event, "count": str(value)})[0] == 200
    return name


def test_forms(raw, scored):
    labels = "id,event_time,x\n7,2026-07-01T12:00:00Z,a\n8,1782993600,b\n"
    status, _, answer = ask(raw, upload(raw, labels.encode()), [scored], Format="json")
    assert status == 200 and json.loads(answer) == [
        {"id": "7", "event_time": "2026-07-01T12:00:00Z", "x": "a", "at": "2026-07-01T00:00:00Z", "count": 1},
        {"id": "8", "event_time": "1782993600", "x": "b", "at": None, "count": None}]
    status, _, answer = ask(raw, upload(raw, labels.encode()), [scored], Format="parquet")
    assert status == 200 and answer[:4] == b"PAR1" == answer[-4:]
    # A dataset's Parquet file serves as labels again: its columns are taken, so the features get the group's name.
    status, _, again = ask(raw, upload(raw, answer), [scored], LabelsFormat="parquet", Format="json", TimeColumn="event_time")
    assert status == 200 and json.loads(again)[0][f"{scored}.count"] == 1


def test_what_is_refused(raw, scored):
    good = "id,event_time\n7,2026-07-01T12:00:00Z\n"
    refused(raw, good, [scored + "x"], "does not exist", scored, status=404)
    refused(raw, good, [], "Groups")
    refused(raw, good, [scored, scored], "named twice")
    refused(raw, good, [scored], "'other' is not among Groups", Keys={"other": "id"})
    refused(raw, good, [scored], "expected a column 'nope'", "found: id, event_time", Keys={scored: "nope"})
    refused(raw, good, [scored], "expected a column 'when'", TimeColumn="when")
    refused(raw, good, [scored], "Format", Format="xml")
    refused(raw, good, [scored], "LabelsFormat", LabelsFormat="xml")
    refused(raw, good, [scored], "found 'Group'", Group="x")
    refused(raw, "id,event_time\n7,yesterday\n", [scored], "row 1: column 'event_time'", "found 'yesterday'")
    refused(raw, "id,event_time\n7,2026-07-01T12:00:00Z\n,2026-07-01T12:00:00Z\n", [scored], "row 2: column 'id'", "found nothing")
    refused(raw, "not parquet", [scored], "labels:", LabelsFormat="parquet")
    assert ask(raw, "0" * 32, [scored])[0] == 404


# --- uploads ---

def test_parts(raw, scored):
    labels = b"id,event_time\n" + b"7,2026-07-01T12:00:00Z\n" * 1000
    upload_id = upload(raw, labels[:10])
    parts = [(0, labels[:10]), (1, labels[10:500]), (1, labels[10:500]), (2, labels[500:])]
    for number, part in parts:  # the newest part may be sent again
        assert raw.request("PUT", f"/v1/uploads/{upload_id}/{number}", part)[0] == 200
    for number in (0, 4, 7):
        status, _, answer = raw.request("PUT", f"/v1/uploads/{upload_id}/{number}", b"x")
        assert status == 400 and b"expected part 3" in answer
    assert raw.request("PUT", f"/v1/uploads/{upload_id}/2", b"another length")[0] == 400
    for wrong in ("x", "-1", "1.5", ""):
        assert raw.request("PUT", f"/v1/uploads/{upload_id}/{wrong}", b"x")[0] in (400, 404)
    status, _, answer = ask(raw, upload_id, [scored])
    assert status == 200 and answer.count(b"\n") == 1001
    status, _, answer = ask(raw, upload_id, [scored])
    assert status == 404, "an upload is used once"
    for other in ("..", "../credentials", "%2e%2e", "0" * 31, "0" * 33, "f" * 32):
        assert raw.request("PUT", f"/v1/uploads/{quote(other)}/0", b"x")[0] in (400, 404)


def test_uploads_belong_to_whom_began_them(own_server):
    endpoint = own_server()
    with open(endpoint.data / "credentials", "a") as file:
        file.write("\n[other]\naws_access_key_id = AKOTHER0000000000000\naws_secret_access_key = " + "s" * 40 + "\n")
    endpoint.server.process.send_signal(1)
    mine, other = endpoint.raw(), Client(endpoint.server.port, Signer("AKOTHER0000000000000", "s" * 40))
    deadline = time.monotonic() + 5
    while other.request("GET", "/v1/status")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    upload_id = upload(mine, b"id,event_time\n")
    assert other.request("PUT", f"/v1/uploads/{upload_id}/1", b"x")[0] == 404
    assert ask(other, upload_id, ["g"])[0] == 404
    assert mine.request("PUT", f"/v1/uploads/{upload_id}/1", b"7,1\n")[0] == 200


def test_uploads_are_bounded_and_leave_nothing(own_server):
    endpoint = own_server()
    client = endpoint.raw()
    for _ in range(16):
        upload(client, b"id,event_time\n")
    status, _, answer = client.request("POST", "/v1/uploads")
    assert status == 503 and b"uploads are open" in answer
    folder = endpoint.data / "tmp" / "uploads"
    assert len(list(folder.iterdir())) == 16
    assert endpoint.server.stop() == 0
    assert not list(folder.iterdir())
    (folder / "left").write_bytes(b"x")
    left = endpoint.data / "tmp" / "query-0000000000000000" / "spill"
    left.mkdir(parents=True)
    (left / "x.tmp").write_bytes(b"x")
    endpoint.server.start()
    assert not list(folder.iterdir()) and not left.parent.exists()


# --- the command ---

def test_the_command(endpoint, scored, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("id,event_time\n7,2026-07-01T12:00:00Z\n7,2026-07-03T00:00:00Z\n")
    for suffix, begins in ((".csv", b'"id","event_time","at","count"\n'), (".json", b"["), (".parquet", b"PAR1")):
        out = tmp_path / ("out" + suffix)
        done = subprocess.run([program(), "dataset", "--labels", str(labels), "--groups", scored, "--out", str(out)],
                              env=endpoint.environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert out.read_bytes().startswith(begins)
