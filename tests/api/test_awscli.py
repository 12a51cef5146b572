"""The AWS CLI, unmodified but for the endpoint: every operation that Debian's version knows."""
import json
import subprocess
import uuid

import pytest

from tests.api.conftest import FEATURES, definition

AWS = "/usr/bin/aws"
T1, T2 = "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z"


@pytest.fixture(scope="module")
def aws(endpoint):
    def run(service, operation, *words, fails=None, **members):
        if members:
            words = ["--cli-input-json", json.dumps(members), *words]
        done = subprocess.run([AWS, service, operation, "--endpoint-url", endpoint.url, "--output", "json", *words],
                              env=endpoint.environment(), capture_output=True, text=True, timeout=60)
        if fails is not None:
            assert done.returncode != 0 and f"({fails})" in done.stderr, done.stderr
            return done.stderr
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


RUNTIME = "sagemaker-featurestore-runtime"


@pytest.fixture(scope="module")
def group(aws):
    name = "cli-" + uuid.uuid4().hex[:12]
    answer = aws("sagemaker", "create-feature-group", **definition(name))
    assert answer["FeatureGroupArn"].endswith(name)
    return name


def test_records(aws, group):
    sent = [{"FeatureName": "id", "ValueAsString": "é 1"}, {"FeatureName": "at", "ValueAsString": T1},
            {"FeatureName": "count", "ValueAsString": "5"}]
    assert aws(RUNTIME, "put-record", FeatureGroupName=group, Record=sent) is None
    answer = aws(RUNTIME, "get-record", "--feature-group-name", group, "--record-identifier-value-as-string", "é 1")
    assert answer["Record"] == sent
    answer = aws(RUNTIME, "get-record", "--feature-group-name", group, "--record-identifier-value-as-string", "é 1",
                 "--feature-names", "count", "at")
    assert sorted(one["FeatureName"] for one in answer["Record"]) == ["at", "count"]
    answer = aws(RUNTIME, "batch-get-record", "--identifiers",
                 json.dumps([{"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["é 1", "x"]}]))
    assert [one["RecordIdentifierValueAsString"] for one in answer["Records"]] == ["é 1"]
    assert aws(RUNTIME, "delete-record", "--feature-group-name", group, "--record-identifier-value-as-string", "é 1",
               "--event-time", T2, "--target-stores", "OnlineStore", "OfflineStore") is None
    assert "Record" not in (aws(RUNTIME, "get-record", "--feature-group-name", group, "--record-identifier-value-as-string", "é 1") or {})
    aws(RUNTIME, "put-record", FeatureGroupName=group, Record=sent[:1], fails="ValidationError")
    aws(RUNTIME, "get-record", "--feature-group-name", "nothing", "--record-identifier-value-as-string", "1", fails="ResourceNotFound")


def test_groups(aws, group):
    described = aws("sagemaker", "describe-feature-group", "--feature-group-name", group)
    assert [one["FeatureName"] for one in described["FeatureDefinitions"]][:len(FEATURES)] == list(FEATURES)
    arn = described["FeatureGroupArn"]
    aws("sagemaker", "update-feature-group", "--feature-group-name", group, "--feature-additions", "FeatureName=more,FeatureType=Integral")
    aws("sagemaker", "update-feature-metadata", "--feature-group-name", group, "--feature-name", "more", "--description", "text",
        "--parameter-additions", "Key=k,Value=v")
    metadata = aws("sagemaker", "describe-feature-metadata", "--feature-group-name", group, "--feature-name", "more")
    assert metadata["Description"] == "text" and metadata["Parameters"] == [{"Key": "k", "Value": "v"}]
    aws("sagemaker", "add-tags", "--resource-arn", arn, "--tags", "Key=a,Value=1", "Key=b,Value=2")
    aws("sagemaker", "delete-tags", "--resource-arn", arn, "--tag-keys", "a")
    assert aws("sagemaker", "list-tags", "--resource-arn", arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    listed = aws("sagemaker", "list-feature-groups", "--name-contains", group)
    assert [one["FeatureGroupName"] for one in listed["FeatureGroupSummaries"]] == [group]
    found = aws("sagemaker", "search", "--resource", "FeatureGroup", "--search-expression",
                json.dumps({"Filters": [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": group}]}))
    assert [one["FeatureGroup"]["FeatureGroupName"] for one in found["Results"]] == [group]


def test_errors(aws, group):
    aws("sagemaker", "describe-feature-group", "--feature-group-name", "nothing", fails="ResourceNotFound")
    aws("sagemaker", "create-feature-group", **definition(group), fails="ResourceInUse")
    aws("sagemaker", "create-feature-group", **definition("bad-"), fails="ValidationException")


def test_delete(aws):
    name = "cli-" + uuid.uuid4().hex[:12]
    aws("sagemaker", "create-feature-group", **definition(name))
    aws("sagemaker", "delete-feature-group", "--feature-group-name", name)
    aws("sagemaker", "describe-feature-group", "--feature-group-name", name, fails="ResourceNotFound")
