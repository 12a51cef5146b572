"""A newer boto3 than Debian's, when one is found (ASOF_NEWEST_PYTHON names a Python that has it): its own model, nothing added."""
import json
import os
import subprocess

import pytest

SCRIPT = r'''
import json, sys, boto3
url, key, secret = sys.argv[1:4]
common = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret)
control, runtime = boto3.client("sagemaker", **common), boto3.client("sagemaker-featurestore-runtime", **common)
name = "newest-boto3"
control.create_feature_group(FeatureGroupName=name, RecordIdentifierFeatureName="id", EventTimeFeatureName="at",
    FeatureDefinitions=[{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "at", "FeatureType": "String"}],
    OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "Standard", "TtlDuration": {"Unit": "Weeks", "Value": 520}},
    OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://b/p"}, "TableFormat": "Glue"},
    RoleArn="arn:aws:iam::000000000000:role/asof", Tags=[{"Key": "a", "Value": "b"}])
record = lambda i: [{"FeatureName": "id", "ValueAsString": i}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}]
runtime.put_record(FeatureGroupName=name, Record=record("1"), TtlDuration={"Unit": "Days", "Value": 3000}, TargetStores=["OnlineStore"])
answer = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="1", ExpirationTimeResponse="Enabled")
found = {"record": answer["Record"], "expires": answer["ExpiresAt"], "operations": []}
if hasattr(runtime, "batch_write_record"):
    found["operations"].append("BatchWriteRecord")
    assert runtime.batch_write_record(Entries=[{"FeatureGroupName": name, "Record": record("2")}])["Errors"] == []
if hasattr(runtime, "list_records"):
    found["operations"].append("ListRecords")
    pages = runtime.get_paginator("list_records").paginate(FeatureGroupName=name, PaginationConfig={"PageSize": 1})
    found["listed"] = sorted(one for page in pages for one in page["RecordIdentifiers"])
runtime.delete_record(FeatureGroupName=name, RecordIdentifierValueAsString="1", EventTime="2026-07-02T00:00:00Z", DeletionMode="HardDelete")
assert "Record" not in runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="1")
described = control.describe_feature_group(FeatureGroupName=name)
found["throughput"] = described["ThroughputConfig"]["ThroughputMode"]
control.delete_feature_group(FeatureGroupName=name)
print(json.dumps(found))
'''


@pytest.fixture(scope="module")
def newest():
    python = os.environ.get("ASOF_NEWEST_PYTHON")
    if not python:
        pytest.skip("ASOF_NEWEST_PYTHON is not set")
    return python


def test_the_newest_boto3(endpoint, newest):
    done = subprocess.run([newest, "-c", SCRIPT, endpoint.url, endpoint.access_key, endpoint.secret], capture_output=True, text=True,
                          timeout=120, env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true"})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["ValueAsString"] for one in found["record"]] == ["1", "2026-07-01T00:00:00Z"]
    assert found["expires"] == "2034-09-17T00:00:00Z" and found["throughput"] == "OnDemand"
    assert found.get("listed", ["1", "2"]) == ["1", "2"]
