#!/usr/bin/python3
"""The fraud example through boto3, unmodified but for the endpoint: one write, two stores, one right answer.

    examples/fraud.py ENDPOINT DATA_FOLDER ASOF_PROGRAM
"""
import configparser
import json
import pathlib
import subprocess
import sys

import boto3

GROUP = "fraud_transaction_features_v3"
KEY = "txn-7f8a2e"

QUERY = f"""
SELECT label, transaction_id, txn_count_60s, amount_ratio_7d FROM (
    SELECT l.label, f.*, row_number() OVER (PARTITION BY l.label ORDER BY f.event_ts DESC, f.api_invocation_time DESC,
                                            f.write_time DESC) AS rn
    FROM {GROUP} f
    JOIN (VALUES ('before', '{KEY}', '2026-07-01T14:00:00.000Z'), ('after', '{KEY}', '2026-07-01T15:00:00.000Z'))
         AS l(label, transaction_id, event_ts) ON f.transaction_id = l.transaction_id
    WHERE f.event_ts <= l.event_ts)
WHERE rn = 1 AND NOT is_deleted ORDER BY label
"""


def clients(endpoint, data):
    parser = configparser.ConfigParser()
    parser.read(data / "credentials")
    section = parser[parser.sections()[0]]
    common = {"endpoint_url": endpoint, "region_name": "us-east-1", "aws_access_key_id": section["aws_access_key_id"],
              "aws_secret_access_key": section["aws_secret_access_key"]}
    return boto3.client("sagemaker", **common), boto3.client("sagemaker-featurestore-runtime", **common)


def put(runtime, event_ts, count_60s, count_3600s, ratio, **members):
    values = {"transaction_id": KEY, "event_ts": event_ts, "txn_count_60s": count_60s, "txn_count_3600s": count_3600s,
              "amount_ratio_7d": ratio}
    runtime.put_record(FeatureGroupName=GROUP, Record=[{"FeatureName": name, "ValueAsString": value} for name, value in values.items()],
                       **members)


def features(runtime):
    names = ["txn_count_60s", "txn_count_3600s", "amount_ratio_7d"]
    answer = runtime.get_record(FeatureGroupName=GROUP, RecordIdentifierValueAsString=KEY, FeatureNames=names)
    return {one["FeatureName"]: one["ValueAsString"] for one in answer["Record"]}


def asof(program, endpoint, data, *words):
    done = subprocess.run([program, *words, "--endpoint", endpoint, "--credentials", str(data / "credentials")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"asof {' '.join(words)}: {done.stderr}")
    return done.stdout


def create(control):
    types = {"transaction_id": "String", "event_ts": "String", "txn_count_60s": "Integral", "txn_count_3600s": "Integral",
             "amount_ratio_7d": "Fractional"}
    control.create_feature_group(
        FeatureGroupName=GROUP, RecordIdentifierFeatureName="transaction_id", EventTimeFeatureName="event_ts",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": kind} for name, kind in types.items()],
        OnlineStoreConfig={"EnableOnlineStore": True}, OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://features/fraud"}},
        RoleArn="arn:aws:iam::000000000000:role/asof")


def main():
    endpoint, data, program = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    control, runtime = clients(endpoint, data)
    create(control)
    print(f"  created {GROUP}: {control.describe_feature_group(FeatureGroupName=GROUP)['FeatureGroupStatus']}")

    put(runtime, "2026-07-01T14:03:07.421Z", "4", "37", "2.3")
    wanted = {"txn_count_60s": "4", "txn_count_3600s": "37", "amount_ratio_7d": "2.3"}
    assert features(runtime) == wanted
    print(f"  PutRecord, then GetRecord at once: {features(runtime)}")

    put(runtime, "2026-07-01T13:59:00Z", "1", "30", "1.1")
    put(runtime, "2026-07-01T14:30:00Z", "9", "99", "9.9", TargetStores=["OfflineStore"])
    assert features(runtime) == wanted
    print("  an older event time and an offline-only put: history changes, the online record does not")

    asof(program, endpoint, data, "flush")
    files = sorted(path.relative_to(data) for path in data.glob("offline/**/*.parquet"))
    assert any("year=2026/month=07/day=01/hour=14" in str(path) for path in files), files
    for path in files:
        print(f"  {path}")
    rows = json.loads(asof(program, endpoint, data, "sql", QUERY, "--json"))
    print("  point in time, as SQL:", rows)
    assert [(row["label"], int(row["txn_count_60s"])) for row in rows] == [("after", 9), ("before", 1)], rows


main()
