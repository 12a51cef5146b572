"""All rows of the published reference features through the API: both stores agree, and training sets equal a brute force.

Two groups: one by transaction, one by customer (the newest features of each). The brute force is plain Python over the files.
"""
import bisect
import collections
import csv
import datetime
import gzip
import json
import os
import pathlib
import random
import time

import pytest

from tests.support.signed import ROOT

DATA = pathlib.Path(os.environ.get("ASOF_SHARED", ROOT.parent / "shared")) / "data"
ROWS = 1_754_155
LABELS = 100_000
CUSTOMER = ["customer_tx_count_1d", "customer_amount_avg_1d", "customer_tx_count_7d", "customer_amount_avg_7d",
            "customer_tx_count_30d", "customer_amount_avg_30d"]
COUNTS = {"during_weekend", "during_night", "is_fraud"}

pytestmark = [pytest.mark.skipif(not (DATA / "handbook_reference_features.csv.gz").exists(), reason="the reference data is missing"),
              pytest.mark.skipif(bool(os.environ.get("ASOF_QUICK")), reason="ASOF_QUICK is set")]


def feature_type(name):
    if name in COUNTS or "count" in name:
        return "Integral"
    return "Fractional" if any(part in name for part in ("amount", "avg", "risk")) else "String"


class Reference:
    """The joined rows: one CSV file for `asof load`, and what the brute force needs in memory."""

    def __init__(self, folder):
        self.path = folder / "reference.csv"
        self.by_customer = collections.defaultdict(list)  # (event time, transaction id)
        self.rows = {}  # row number -> values, for the rows that are read back
        chosen = set(random.Random(5).sample(range(ROWS), 10_000))
        with gzip.open(DATA / "handbook_transactions.csv.gz", "rt") as transactions, \
                gzip.open(DATA / "handbook_reference_features.csv.gz", "rt") as features, open(self.path, "w") as out:
            left, right = csv.reader(transactions), csv.reader(features)
            self.names = next(left)[:6] + next(right)[1:]
            out.write(",".join(self.names) + "\n")
            for number, (one, two) in enumerate(zip(left, right)):
                assert one[0] == two[0]
                values = one[:6] + two[1:]
                out.write(",".join(values) + "\n")
                self.by_customer[one[2]].append((one[1], one[0]))
                if number in chosen:
                    self.rows[number] = dict(zip(self.names, values))
        self.count = number + 1


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("reference"))


def load(server, reference, group, identifier, names):
    words = [part for name in names for part in ("--feature", f"{name}:{feature_type(name)}")]
    server.asof("group", "create", group, "--id", identifier, "--event-time", "event_time", *words)
    started = time.monotonic()
    server.asof("load", str(reference.path), "--group", group)
    seconds = time.monotonic() - started
    print(f"\n{group}: {reference.count:,} rows in {seconds:.1f} s, {reference.count / seconds:,.0f} rows/s")


def resident_peak_mib(server):
    text = pathlib.Path(f"/proc/{server.server.process.pid}/status").read_text()
    return int([line for line in text.splitlines() if line.startswith("VmHWM")][0].split()[1]) / 1024


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, reference):
    from tests.api.conftest import start, stop
    server = start(tmp_path_factory.mktemp("loaded"), "--log", "warn")
    load(server, reference, "transactions", "transaction_id", reference.names)
    load(server, reference, "customers", "customer_id", ["customer_id", "event_time", "transaction_id", *CUSTOMER])
    server.asof("flush")
    yield server
    stop(server)


def test_counts_agree_in_both_stores(loaded, reference):
    assert reference.count == ROWS
    status = json.loads(loaded.asof("status", "--json").stdout)
    groups = {one["FeatureGroupName"]: one for one in status["FeatureGroups"]}
    assert groups["transactions"]["OnlineRecords"] == ROWS
    assert groups["customers"]["OnlineRecords"] == len(reference.by_customer)
    for name in ("transactions", "customers"):
        assert groups[name]["OfflineRows"] == ROWS
        rows = json.loads(loaded.asof("sql", f"SELECT count(*) AS n, count(DISTINCT transaction_id) AS d FROM {name}", "--json").stdout)
        assert (int(rows[0]["n"]), int(rows[0]["d"])) == (ROWS, ROWS)
    assert status["UnflushedRows"] == 0


def test_resident_memory_stays_under_a_gibibyte(loaded):
    peak = resident_peak_mib(loaded)
    print(f"\nresident memory of the server, peak: {peak:.0f} MiB")
    assert peak < 1024


def batch_get(client, group, identifiers):
    body = json.dumps({"Identifiers": [{"FeatureGroupName": group, "RecordIdentifiersValueAsString": identifiers}]}).encode()
    status, _, answer = client.request("POST", "/BatchGetRecord", body, {"content-type": "application/json"})
    assert status == 200
    answer = json.loads(answer)
    assert answer["Errors"] == [] and answer["UnprocessedIdentifiers"] == []
    return {one["RecordIdentifierValueAsString"]: {value["FeatureName"]: value["ValueAsString"] for value in one["Record"]}
            for one in answer["Records"]}


def test_random_records_read_back_equal(loaded, reference):
    client = loaded.raw()
    rows = list(reference.rows.values())
    assert len(rows) == 10_000
    for start in range(0, len(rows), 100):
        page = rows[start:start + 100]
        found = batch_get(client, "transactions", [row["transaction_id"] for row in page])
        for row in page:
            assert found[row["transaction_id"]] == row


def test_customers_hold_their_newest_transaction(loaded, reference):
    client = loaded.raw()
    names = sorted(reference.by_customer)
    for start in range(0, len(names), 100):
        found = batch_get(client, "customers", names[start:start + 100])
        for name in names[start:start + 100]:
            newest = reference.by_customer[name][-1][0]
            tied = {transaction for at, transaction in reference.by_customer[name] if at == newest}
            assert found[name]["event_time"] == newest and found[name]["transaction_id"] in tied


def arrivals_of_ties(server, reference):
    """Arrival decides between rows of one customer and one second: it is asked for, for those rows alone."""
    tied = []
    for customer, rows in reference.by_customer.items():
        times = collections.Counter(at for at, _ in rows)
        tied += [transaction for at, transaction in rows if times[at] > 1]
    listed = ",".join(f"'{transaction}'" for transaction in tied)
    rows = json.loads(server.asof("sql", "SELECT transaction_id, epoch_us(api_invocation_time) AS arrival FROM customers "
                                  f"WHERE transaction_id IN ({listed})", "--json").stdout)
    return {row["transaction_id"]: int(row["arrival"]) for row in rows}


def labels_make(reference, path):
    """Moments around and exactly at events, and before the first."""
    chance = random.Random(11)
    customers, labels = sorted(reference.by_customer), []
    for _ in range(LABELS):
        customer = chance.choice(customers)
        at = datetime.datetime.strptime(chance.choice(reference.by_customer[customer])[0], "%Y-%m-%dT%H:%M:%S.%fZ")
        at += datetime.timedelta(milliseconds=chance.choice((0, 0, 1, -1, 1000, -1000, chance.randrange(-10**9, 10**9))))
        labels.append((customer, at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"))
    with open(path, "w") as out:
        out.write("customer_id,event_time,label\n")
        out.writelines(f"{customer},{at},{number}\n" for number, (customer, at) in enumerate(labels))
    return labels


def test_point_in_time_dataset_equals_brute_force(loaded, reference, tmp_path):
    labels = labels_make(reference, tmp_path / "labels.csv")
    arrival = arrivals_of_ties(loaded, reference)
    ordered = {customer: sorted((at, arrival.get(transaction, 0), transaction) for at, transaction in rows)
               for customer, rows in reference.by_customer.items()}
    started = time.monotonic()
    loaded.asof("dataset", "--labels", str(tmp_path / "labels.csv"), "--groups", "customers", "--out", str(tmp_path / "out.csv"),
                "--timeout", "10m")
    print(f"\ndataset of {LABELS:,} labels over {ROWS:,} rows: {time.monotonic() - started:.1f} s")
    matched = 0
    with open(tmp_path / "out.csv") as out:
        rows = csv.DictReader(out)
        for number, (customer, at) in enumerate(labels):
            row = next(rows)
            assert (row["customer_id"], row["event_time"], row["label"]) == (customer, at, str(number))
            history = ordered[customer]
            place = bisect.bisect_right(history, (at, float("inf"), ""))
            wanted = history[place - 1][2] if place else ""
            assert row["transaction_id"] == wanted, f"label {number}: {customer} at {at}"
            matched += place > 0
        assert next(rows, None) is None
    assert 0 < matched < LABELS
