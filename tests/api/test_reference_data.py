"""The public reference features, whole: 1,754,155 rows through `asof load` into two groups, and a training set of 100,000 labels held
against a brute-force answer that shares no code with the program. Slow: left out under ASOF_QUICK."""
import bisect
import csv
import gzip
import json
import os
import random
import threading
import time

import pytest

from tests.api.conftest import definition, record, start, stop, values

ROWS = 1_754_155
TRANSACTIONS, FEATURES = "handbook_transactions.csv.gz", "handbook_reference_features.csv.gz"
BY_TRANSACTION, BY_CUSTOMER = "handbook_by_transaction", "handbook_by_customer"
COUNTS = ["during_weekend", "during_night", "customer_tx_count_1d", "customer_tx_count_7d", "customer_tx_count_30d",
          "terminal_tx_count_1d_delay7d", "terminal_tx_count_7d_delay7d", "terminal_tx_count_30d_delay7d"]
CUSTOMER = ["customer_tx_count_1d", "customer_amount_avg_1d", "customer_tx_count_7d", "customer_amount_avg_7d", "customer_tx_count_30d",
            "customer_amount_avg_30d"]
LABELS = 100_000

pytestmark = pytest.mark.skipif(bool(os.environ.get("ASOF_QUICK")), reason="ASOF_QUICK is set")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("handbook")


@pytest.fixture(scope="module")
def rows(shared, folder):
    """One CSV file of transactions with their features; and all rows as dictionaries of what matters later, in file order."""
    for name in (TRANSACTIONS, FEATURES):
        if not (shared / "data" / name).exists():
            pytest.skip(f"{shared / 'data' / name} is missing")
    kept, customers = [], {}
    with gzip.open(shared / "data" / TRANSACTIONS, "rt", newline="") as one, gzip.open(shared / "data" / FEATURES, "rt", newline="") as two, \
            open(folder / "rows.csv", "w", newline="") as out:
        first, second = csv.reader(one), csv.reader(two)
        header, features = next(first), next(second)[1:]
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*header[:3], *features])
        at = {name: index for index, name in enumerate(features)}
        for transaction, computed in zip(first, second, strict=True):
            assert transaction[0] == computed[0]
            writer.writerow([*transaction[:3], *computed[1:]])
            number = len(kept)
            kept.append((transaction[1], transaction[2], ",".join(computed[1:])))
            customers.setdefault(transaction[2], []).append(number)
    assert len(kept) == ROWS
    return {"header": features, "at": at, "rows": kept, "customers": customers}


class Watch(threading.Thread):
    """The largest resident memory of the server, looked at ten times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak_kb, self.is_over = pid, 0, False

    def run(self):
        while not self.is_over:
            try:
                with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
                    self.peak_kb = max(self.peak_kb, next(int(line.split()[1]) for line in status if line.startswith("VmRSS")))
            except (OSError, StopIteration):
                return
            time.sleep(0.1)


@pytest.fixture(scope="module")
def loaded(rows, folder, newer_session):
    """A server with both groups loaded; prints the rates."""
    endpoint = start(folder, "--flush-interval", "10s")
    watch = Watch(endpoint.server.process.pid)
    watch.start()
    control = endpoint.boto("sagemaker", newer_session)
    kinds = {name: "Integral" if name in COUNTS else "Fractional" for name in rows["header"]}
    control.create_feature_group(**definition(BY_TRANSACTION, identifier="transaction_id", event_time="event_time", features={
        "transaction_id": "Integral", "event_time": "String", "customer_id": "Integral", **kinds}))
    control.create_feature_group(**definition(BY_CUSTOMER, identifier="customer_id", event_time="event_time", features={
        "customer_id": "Integral", "event_time": "String", **{name: kinds[name] for name in CUSTOMER}}))
    rates = {}
    for group in (BY_TRANSACTION, BY_CUSTOMER):
        began = time.monotonic()
        done = endpoint.asof("load", str(folder / "rows.csv"), "--group", group, "--timeout", "300s", check=False, timeout=3000)
        assert done.returncode == 0, done.stderr[-2000:]
        rates[group] = ROWS / (time.monotonic() - began)
        print(f"\n{group}: {rates[group]:,.0f} rows/s, server at most {watch.peak_kb / 1024:,.0f} MiB", flush=True)
    endpoint.asof("flush", "--timeout", "600s", timeout=700)
    endpoint.watch, endpoint.rates = watch, rates
    yield endpoint
    watch.is_over = True
    print(f"\nserver at most {watch.peak_kb / 1024:,.0f} MiB", flush=True)
    stop(endpoint)


def sql(endpoint, text):
    return json.loads(endpoint.asof("sql", text, "--json", "--timeout", "600s", timeout=700).stdout)


def test_counts_agree_in_both_stores(loaded, rows):
    for group, key, online in ((BY_TRANSACTION, "transaction_id", ROWS), (BY_CUSTOMER, "customer_id", len(rows["customers"]))):
        found = sql(loaded, f"SELECT count(*) AS n, count(DISTINCT {key}) AS keys, sum(is_deleted::INT) AS deleted FROM {group}")[0]
        assert (int(found["n"]), int(found["keys"]), int(found["deleted"])) == (ROWS, online, 0)
    status = json.loads(loaded.asof("status", "--json").stdout)
    text = json.dumps(status)
    assert str(ROWS) in text or str(ROWS + len(rows["customers"])) in text, text


def test_all_keys_are_online(loaded, rows):
    """Every customer and, a hundred at a time, a tenth of the transactions."""
    runtime = loaded.boto("sagemaker-featurestore-runtime")
    for group, keys in ((BY_CUSTOMER, sorted(rows["customers"], key=int)), (BY_TRANSACTION, [str(key) for key in range(0, ROWS, 10)])):
        missing = 0
        for begin in range(0, len(keys), 100):
            part = keys[begin:begin + 100]
            answer = runtime.batch_get_record(Identifiers=[{"FeatureGroupName": group, "RecordIdentifiersValueAsString": part,
                                                            "FeatureNames": ["event_time"]}])
            missing += len(part) - len(answer["Records"])
        assert missing == 0


def test_ten_thousand_random_records(loaded, rows):
    chance = random.Random(11)
    raw = loaded.raw()
    for number in chance.sample(range(ROWS), 10_000):
        at, customer, computed = rows["rows"][number]
        wanted = {"transaction_id": str(number), "event_time": at, "customer_id": customer,
                  **dict(zip(rows["header"], computed.split(",")))}
        assert raw.get(BY_TRANSACTION, str(number)) == {name: value for name, value in wanted.items() if value != ""}


def newest_times(rows, customer):
    numbers = rows["customers"][customer]
    return [rows["rows"][number][0] for number in numbers], numbers


def test_latest_customer_features(loaded, rows):
    """The newest row by event time; of two in one second either may have arrived later."""
    raw = loaded.raw()
    for customer, numbers in rows["customers"].items():
        newest = rows["rows"][numbers[-1]][0]
        candidates = []
        for number in numbers:
            at, _, computed = rows["rows"][number]
            if at == newest:
                cells = dict(zip(rows["header"], computed.split(",")))
                candidates.append({"customer_id": customer, "event_time": at, **{name: cells[name] for name in CUSTOMER}})
        assert raw.get(BY_CUSTOMER, customer) in candidates


def labels(rows, chance):
    """Labels at event times, a second beside them, between, before all and after all; some twice."""
    import datetime
    customers = sorted(rows["customers"], key=int)
    found = []
    form = "%Y-%m-%dT%H:%M:%S"
    while len(found) < LABELS:
        customer = chance.choice(customers) if chance.random() < 0.97 else str(chance.randrange(5000, 6000))
        kind = chance.random()
        if customer not in rows["customers"] or kind < 0.1:
            at = chance.choice(("2018-03-31T00:00:00Z", "2018-10-01T00:00:00Z", "1999-01-01T00:00:00Z", "2030-01-01T00:00:00Z"))
        else:
            text = rows["rows"][chance.choice(rows["customers"][customer])][0]
            moment = datetime.datetime.strptime(text[:19], form)
            if kind < 0.4:
                moment += datetime.timedelta(seconds=chance.choice((-1, 1)))
            elif kind < 0.6:
                moment += datetime.timedelta(seconds=chance.randrange(-86400, 86400))
            at = moment.strftime(form) + chance.choice(("Z", ".000Z", ".000000Z"))
        found.append((customer, at))
        if chance.random() < 0.01 and len(found) < LABELS:
            found.append(found[-1])
    return found


def same_number(text, other):
    return text == other or (text != "" and other != "" and float(text) == float(other))


def test_point_in_time_dataset(loaded, rows, folder):
    wanted = labels(rows, random.Random(5))
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["label_id", "customer_id", "event_time"])
        writer.writerows((number, customer, at) for number, (customer, at) in enumerate(wanted))
    began = time.monotonic()
    loaded.asof("dataset", "--labels", str(folder / "labels.csv"), "--groups", BY_CUSTOMER, "--out", str(folder / "set.csv"), "--timeout",
                "900s", timeout=1000)
    print(f"\n{LABELS:,} labels joined to {ROWS:,} rows in {time.monotonic() - began:.1f} s", flush=True)
    with open(folder / "set.csv", newline="", encoding="utf-8") as opened:
        reader = csv.reader(opened)
        header = next(reader)
        assert header[:3] == ["label_id", "customer_id", "event_time"]
        columns = {name: header.index(name) for name in CUSTOMER}
        answers = list(reader)
    assert [(row[0], row[1], row[2]) for row in answers] == [(str(number), *label) for number, label in enumerate(wanted)]
    times = {customer: newest_times(rows, customer) for customer in rows["customers"]}
    hits = 0
    for (customer, at), row in zip(wanted, answers):
        found = [row[columns[name]] for name in CUSTOMER]
        moments, numbers = times.get(customer, ([], []))
        # Event times of the file are whole seconds, written alike: texts of the same form compare as instants.
        behind = bisect.bisect_right(moments, at[:19] + ".000Z")
        if behind == 0:
            assert found == [""] * len(CUSTOMER), (customer, at, found)
            continue
        newest = moments[behind - 1]
        candidates = []
        for place in range(behind - 1, -1, -1):
            if moments[place] != newest:
                break
            cells = dict(zip(rows["header"], rows["rows"][numbers[place]][2].split(",")))
            candidates.append([cells[name] for name in CUSTOMER])
        assert any(all(map(same_number, found, one)) for one in candidates), (customer, at, found, candidates)
        hits += 1
    assert hits > LABELS // 2


def test_a_later_write_is_served_and_kept(loaded, rows):
    """The store goes on after the load: one more row changes one customer, in both stores."""
    runtime = loaded.boto("sagemaker-featurestore-runtime")
    runtime.put_record(FeatureGroupName=BY_CUSTOMER, Record=record({"customer_id": "0", "event_time": "2030-01-01T00:00:00Z",
                                                                     "customer_tx_count_1d": "1"}))
    answer = runtime.get_record(FeatureGroupName=BY_CUSTOMER, RecordIdentifierValueAsString="0")
    assert values(answer)["event_time"] == "2030-01-01T00:00:00Z"
    found = sql(loaded, f"SELECT count(*) AS n FROM {BY_CUSTOMER} WHERE customer_id = 0")[0]
    assert int(found["n"]) == len(rows["customers"]["0"]) + 1


def test_memory_stayed_under_a_gibibyte(loaded):
    assert loaded.watch.peak_kb < 1 << 20, f"{loaded.watch.peak_kb} KiB"
