"""kill -9 of the server at random moments under write load: nothing acknowledged is lost, history holds it exactly once.

The oracle is this process: it notes every write before it is sent and what became of it (acknowledged or unknown). A write whose
fate is unknown is sent again after the restart with the same invocation id, as an AWS client would.
"""
import collections
import os
import random
import threading
import time
import uuid

import pytest

from tests.support.signed import Server

CYCLES = 10 if os.environ.get("ASOF_QUICK") else int(os.environ.get("ASOF_KILL_CYCLES", "100"))
GROUP = "kill_group"
WRITERS = 6
KEYS_A_WRITER = 12


def create_group(client):
    status, answer = client.control("CreateFeatureGroup", {
        "FeatureGroupName": GROUP, "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "event_ts",
        "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "event_ts", "FeatureType": "String"},
                               {"FeatureName": "seq", "FeatureType": "Integral"}, {"FeatureName": "filler", "FeatureType": "String"}],
        "OnlineStoreConfig": {"EnableOnlineStore": True}, "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://kill/test"}},
        "RoleArn": "arn:aws:iam::000000000000:role/asof"})
    assert status == 200, answer


class Write:
    __slots__ = ("key", "at", "seq", "is_delete", "targets", "invocation", "state")

    def __init__(self, key, at, seq, is_delete, targets):
        self.key, self.at, self.seq, self.is_delete = key, at, seq, is_delete
        self.targets = None if is_delete else targets
        self.invocation, self.state = str(uuid.uuid4()), "unknown"

    def time_text(self):
        return f"2026-07-01T{self.at // 3600 % 24:02d}:{self.at // 60 % 60:02d}:{self.at % 60:02d}Z"

    def send(self, client):
        if self.is_delete:
            return client.delete(GROUP, self.key, self.time_text(), self.invocation)
        members = {} if self.targets is None else {"TargetStores": self.targets}
        values = {"id": self.key, "event_ts": self.time_text(), "seq": str(self.seq), "filler": "x" * (self.seq % 1500)}
        return client.put(GROUP, values, self.invocation, **members)


class Writer(threading.Thread):
    """Owns its keys: writes to one key never race, so the newest record is known."""

    def __init__(self, number, history, seed):
        super().__init__()
        self.keys = [f"w{number}-k{index}" for index in range(KEYS_A_WRITER)]
        self.history, self.random = history, random.Random(seed)
        self.is_stopping, self.failure, self.client = False, None, None

    def next_write(self):
        key = self.random.choice(self.keys)
        newest = max((write.at for write in self.history[key]), default=0)
        at = max(1, newest + self.random.choice((1, 1, 1, 2, 0, -3)))
        targets = self.random.choice((None, None, None, ["OfflineStore"]))
        return Write(key, at, self.random.getrandbits(48), self.random.random() < 0.05, targets)

    def run(self):
        try:
            while not self.is_stopping:
                write = self.next_write()
                self.history[write.key].append(write)
                status, kind, body = write.send(self.client)
                if status != 200:
                    self.failure = f"a good write answered {status} {kind}: {body!r}"
                    return
                write.state = "acked"
        except OSError:
            pass  # killed: the last write stays unknown


def expected_online(writes):
    """The sequence numbers that GetRecord may give (None: no record), by the rules of design section 5."""
    possible = {(-1, False, None)}  # (event time, is record, seq)
    for write in writes:
        if write.targets == ["OfflineStore"]:
            continue
        after = set()
        for at, is_record, seq in possible:
            if write.is_delete:
                acts = write.at > at
                after.add((write.at, False, None) if acts else (at, is_record, seq))
            else:
                acts = write.at >= at
                after.add((write.at, True, write.seq) if acts else (at, is_record, seq))
            if write.state == "unknown":
                after.add((at, is_record, seq))
        possible = after
    return {seq for _, _, seq in possible}


def check_online(client, history):
    for key, writes in history.items():
        found = client.get(GROUP, key)
        seq = None if found is None else int(found["seq"])
        assert seq in expected_online(writes), f"{key}: found {seq}, possible {expected_online(writes)}"
        if found is not None:
            assert found["filler"] == "x" * (seq % 1500), f"{key}: a mixed record"


def check_offline(client, history):
    client.flush()
    rows = collections.Counter()
    for row in client.sql(f"SELECT id, event_ts, seq, is_deleted FROM {GROUP}"):
        rows[(row["id"], row["event_ts"], None if row["seq"] is None else int(row["seq"]))] += 1
    wanted = collections.Counter()
    for writes in history.values():
        for write in writes:
            assert write.state == "acked"
            wanted[(write.key, write.time_text(), None if write.is_delete else write.seq)] += 1
    assert rows == wanted, f"missing {list((wanted - rows).items())[:5]}, too many {list((rows - wanted).items())[:5]}"


def resend_unknown(client, history):
    for writes in history.values():
        for write in writes:
            if write.state == "unknown":
                status, kind, body = write.send(client)
                assert status == 200, f"a repeated write answered {status} {kind}: {body!r}"
                write.state = "acked"


def one_cycle(server, history, seed):
    writers = [Writer(number, history, seed * 100 + number) for number in range(WRITERS)]
    for writer in writers:
        writer.client = server.client()
        writer.start()
    time.sleep(random.Random(seed).uniform(0.005, 0.5))
    server.kill()
    for writer in writers:
        writer.is_stopping = True
        writer.join()
        assert writer.failure is None, writer.failure


def test_kill_at_random_moments(tmp_path):
    seed = int(os.environ.get("ASOF_SEED", "1"))
    history = collections.defaultdict(list)
    server = Server(tmp_path / "data", "--flush-interval", "100ms", "--journal-segment", "1m", "--checkpoint", "256k",
                    "--journal-spare", "2m", "--log", "warn").start()
    create_group(server.client())
    acked = 0
    for cycle in range(CYCLES):
        one_cycle(server, history, seed + cycle)
        server.start()
        client = server.client()
        check_online(client, history)
        resend_unknown(client, history)
        check_online(client, history)
        if cycle % 10 == 9:
            check_offline(client, history)
    check_offline(client, history)
    acked = sum(len(writes) for writes in history.values())
    print(f"{CYCLES} kills, {acked} acknowledged writes, none lost, history exact")
    assert acked > CYCLES
    assert server.stop() == 0


def test_killed_workers_fail_no_online_request(tmp_path):
    """Flush and query workers die at any moment; the online path does not notice, and history is whole afterwards."""
    history = collections.defaultdict(list)
    server = Server(tmp_path / "data", "--flush-interval", "50ms", "--log", "error").start()
    create_group(server.client())
    writers = [Writer(number, history, number) for number in range(3)]
    for writer in writers:
        writer.client = server.client()
        writer.start()
    query_outcomes = collections.Counter()
    is_done = threading.Event()

    def query():
        client = server.client()
        while not is_done.is_set():
            status, _, _ = client.request("POST", "/v1/sql", b'{"sql": "SELECT count(*) AS n FROM kill_group", "format": "json"}',
                                          {"content-type": "application/json"})
            query_outcomes[status] += 1

    asking = threading.Thread(target=query)
    asking.start()
    killed = 0
    until = time.monotonic() + (3 if os.environ.get("ASOF_QUICK") else 12)
    chance = random.Random(7)
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.005, 0.2))
        for pid in server.workers():
            try:
                os.kill(pid, 9)
                killed += 1
            except ProcessLookupError:
                pass
    is_done.set()
    asking.join()
    for writer in writers:
        writer.is_stopping = True
        writer.join()
        assert writer.failure is None, writer.failure
    assert killed > 5
    assert all(write.state == "acked" for writes in history.values() for write in writes)
    client = server.client()
    check_online(client, history)
    check_offline(client, history)
    assert client.sql(f"SELECT count(*) AS n FROM {GROUP}")[0]["n"] == sum(len(writes) for writes in history.values())
    assert server.stop() == 0


def test_second_server_on_the_folder_is_refused(tmp_path):
    first = Server(tmp_path / "data").start()
    with pytest.raises(AssertionError, match="in use by another asof server"):
        second = Server(tmp_path / "data")
        second.data = tmp_path / "data"
        second.start()
    assert first.client().control("ListFeatureGroups", {})[0] == 200
    assert first.stop() == 0
