"""The example that must work as written: one write, two stores, one right answer, through unmodified boto3."""
import json
import re

from tests.api.conftest import record, values

GROUP = "fraud_transaction_features_v3"
KEY = "txn-7f8a2e"
POINT_IN_TIME = f"""
    SELECT transaction_id, event_ts, txn_count_60s FROM (
        SELECT f.*, row_number() OVER (PARTITION BY l.row_id ORDER BY event_ts DESC, api_invocation_time DESC, write_time DESC) AS rn
        FROM {GROUP} f JOIN (VALUES (1, '{KEY}', '%s')) AS l(row_id, transaction_id, label_ts)
             ON f.transaction_id = l.transaction_id
        WHERE f.event_ts <= l.label_ts)
    WHERE rn = 1 AND NOT is_deleted"""


def put(runtime, event_ts, count_60s, count_3600s, ratio, **members):
    return runtime.put_record(FeatureGroupName=GROUP, Record=record({
        "transaction_id": KEY, "event_ts": event_ts, "txn_count_60s": count_60s, "txn_count_3600s": count_3600s,
        "amount_ratio_7d": ratio}), **members)


def test_the_example(endpoint, plain_control, plain_runtime, read_parquet):
    types = {"transaction_id": "String", "event_ts": "String", "txn_count_60s": "Integral", "txn_count_3600s": "Integral",
             "amount_ratio_7d": "Fractional"}
    arn = plain_control.create_feature_group(
        FeatureGroupName=GROUP, RecordIdentifierFeatureName="transaction_id", EventTimeFeatureName="event_ts",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": kind} for name, kind in types.items()],
        OnlineStoreConfig={"EnableOnlineStore": True}, OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://bucket/features"}},
        RoleArn="arn:aws:iam::000000000000:role/asof")["FeatureGroupArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:000000000000:feature-group/{GROUP}"
    described = plain_control.describe_feature_group(FeatureGroupName=GROUP)
    assert described["FeatureGroupStatus"] == "Created"

    answer = put(plain_runtime, "2026-07-01T14:03:07.421Z", "4", "37", "2.3")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    names = ["txn_count_60s", "txn_count_3600s", "amount_ratio_7d"]

    def online():
        return values(plain_runtime.get_record(FeatureGroupName=GROUP, RecordIdentifierValueAsString=KEY, FeatureNames=names))

    wanted = {"txn_count_60s": "4", "txn_count_3600s": "37", "amount_ratio_7d": "2.3"}
    assert online() == wanted

    endpoint.raw().flush()
    uri = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    created = int(described["CreationTime"].timestamp())
    assert uri == f"s3://bucket/features/000000000000/sagemaker/us-east-1/offline-store/{GROUP}-{created}/data"
    folder = endpoint.data / "offline" / uri.removeprefix("s3://") / "year=2026/month=07/day=01/hour=14"
    files = list(folder.iterdir())
    assert len(files) == 1
    assert re.fullmatch(r"20260701T140307Z_[A-Za-z0-9]{16}\.parquet", files[0].name)
    read = read_parquet(files)[0]["hyparquet"]
    names_of = [name for name, _ in read["columns"]]
    assert names_of == [*types, "write_time", "api_invocation_time", "is_deleted"]
    row = dict(zip(names_of, read["rows"][0]))
    assert row["transaction_id"] == {"t": KEY.encode().hex()} and row["txn_count_60s"] == {"i": "4"} and row["is_deleted"] is False
    assert row["write_time"] is not None and row["api_invocation_time"] is not None

    put(plain_runtime, "2026-07-01T13:59:00Z", "1", "30", "1.1")
    assert online() == wanted
    put(plain_runtime, "2026-07-01T14:30:00Z", "9", "99", "9.9", TargetStores=["OfflineStore"])
    assert online() == wanted
    rows = json.loads(endpoint.asof("sql", f"SELECT event_ts FROM {GROUP} ORDER BY event_ts", "--json").stdout)
    assert [row["event_ts"] for row in rows] == ["2026-07-01T13:59:00Z", "2026-07-01T14:03:07.421Z", "2026-07-01T14:30:00Z"]

    for label, count in (("2026-07-01T14:00:00Z", 1), ("2026-07-01T14:10:00Z", 4), ("2026-07-01T15:00:00Z", 9)):
        rows = json.loads(endpoint.asof("sql", POINT_IN_TIME % label, "--json").stdout)
        assert [int(row["txn_count_60s"]) for row in rows] == [count]
    assert json.loads(endpoint.asof("sql", POINT_IN_TIME % "2026-07-01T13:00:00Z", "--json").stdout) == []
