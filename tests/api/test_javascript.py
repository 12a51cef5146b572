"""Every operation through the AWS SDK for JavaScript v3, which knows the newest members; success and every modelled error."""
import time

import pytest

from tests.api.conftest import FEATURES, Js, JsError, definition, record

T1, T2, T3 = "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "2026-07-01T12:00:00Z"


@pytest.fixture
def group(js):
    input_ = definition(online={"StorageType": "Standard_V2"})
    answer = js.control("CreateFeatureGroup", **input_)
    assert answer["FeatureGroupArn"].endswith(input_["FeatureGroupName"])
    return input_["FeatureGroupName"]


def refused(call, name, status, *words):
    with pytest.raises(JsError) as caught:
        call()
    assert (caught.value.name, caught.value.status) == (name, status), caught.value
    for word in words:
        assert word.lower() in caught.value.message.lower()
    return caught.value


def values(record_list):
    return {one["FeatureName"]: one["ValueAsString"] for one in record_list}


def test_put_get_delete(js, group):
    identifier = "ключ/'()*! \U0001f600"
    js.runtime("PutRecord", FeatureGroupName=group, Record=record({"id": identifier, "at": T1, "note": "ünï"}))
    answer = js.runtime("GetRecord", FeatureGroupName=group, RecordIdentifierValueAsString=identifier, FeatureNames=["note", "at"])
    assert values(answer["Record"]) == {"note": "ünï", "at": T1}
    js.runtime("DeleteRecord", FeatureGroupName=group, RecordIdentifierValueAsString=identifier, EventTime=T2,
               TargetStores=["OnlineStore", "OfflineStore"], DeletionMode="HardDelete")
    assert "Record" not in js.runtime("GetRecord", FeatureGroupName=group, RecordIdentifierValueAsString=identifier)


def test_arns(js, group):
    arn = js.control("DescribeFeatureGroup", FeatureGroupName=group)["FeatureGroupArn"]
    js.runtime("PutRecord", FeatureGroupName=arn, Record=record({"id": "1", "at": T1}))
    assert js.runtime("GetRecord", FeatureGroupName=arn, RecordIdentifierValueAsString="1")["Record"]
    assert js.runtime("ListRecords", FeatureGroupName=arn)["RecordIdentifiers"] == ["1"]
    js.runtime("UpdateRecord", FeatureGroupName=arn, RecordIdentifierValueAsString="1", Features=record({"note": "n"}))


def test_update_record(js, group):
    js.runtime("PutRecord", FeatureGroupName=group, Record=record({"id": "1", "at": T2, "note": "n", "count": "1"}))
    js.runtime("UpdateRecord", FeatureGroupName=group, RecordIdentifierValueAsString="1", Features=record({"count": "2"}))
    answer = js.runtime("GetRecord", FeatureGroupName=group, RecordIdentifierValueAsString="1")
    assert values(answer["Record"]) == {"id": "1", "at": T2, "note": "n", "count": "2"}
    refused(lambda: js.runtime("UpdateRecord", FeatureGroupName=group, RecordIdentifierValueAsString="1", Features=record({"at": T1})),
            "ConflictException", 409)
    refused(lambda: js.runtime("UpdateRecord", FeatureGroupName=group, RecordIdentifierValueAsString="2", Features=record({"note": "x"})),
            "ResourceNotFound", 404)


def test_batches(js, group):
    entries = [{"FeatureGroupName": group, "Record": record({"id": str(number), "at": T1})} for number in range(24)]
    bad = {"FeatureGroupName": group, "Record": record({"id": "x"}), "TtlDuration": {"Unit": "Days", "Value": 1}}
    answer = js.runtime("BatchWriteRecord", Entries=[*entries, bad], TtlDuration={"Unit": "Weeks", "Value": 52})
    assert [one["Entry"] for one in answer["Errors"]] == [bad]
    assert answer["Errors"][0]["ErrorCode"] == "ValidationError" and "at" in answer["Errors"][0]["ErrorMessage"]
    assert answer["UnprocessedEntries"] == []
    answer = js.runtime("BatchGetRecord", ExpirationTimeResponse="Enabled", Identifiers=[
        {"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["1", "nobody", "2"], "FeatureNames": ["id"]},
        {"FeatureGroupName": "nothing-here", "RecordIdentifiersValueAsString": ["3"]}])
    assert sorted(one["RecordIdentifierValueAsString"] for one in answer["Records"]) == ["1", "2"]
    assert {one["ExpiresAt"] for one in answer["Records"]} == {"2027-06-30T10:00:00Z"}
    assert [one["ErrorCode"] for one in answer["Errors"]] == ["ResourceNotFound"] and answer["UnprocessedIdentifiers"] == []


def test_list_records_paginator(js, group):
    for start in range(0, 50, 25):
        js.runtime("BatchWriteRecord", Entries=[{"FeatureGroupName": group, "Record": record({"id": str(number), "at": T1})}
                                                for number in range(start, start + 25)])
    pages = js.send("runtime", "ListRecords", {"FeatureGroupName": group}, pages=True, paging={"pageSize": 20})
    assert sorted(int(one) for page in pages for one in page["RecordIdentifiers"]) == list(range(50))
    assert len(pages) >= 3


def test_expiry(js, group):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    js.runtime("PutRecord", FeatureGroupName=group, Record=record({"id": "1", "at": at}), TtlDuration={"Unit": "Minutes", "Value": 3})
    answer = js.runtime("GetRecord", FeatureGroupName=group, RecordIdentifierValueAsString="1", ExpirationTimeResponse="Enabled")
    assert at < answer["ExpiresAt"]


def test_control_plane(js, group):
    described = js.control("DescribeFeatureGroup", FeatureGroupName=group)
    assert described["FeatureGroupStatus"] == "Created" and described["OnlineStoreConfig"]["StorageType"] == "Standard_V2"
    assert [one["FeatureName"] for one in described["FeatureDefinitions"]] == list(FEATURES)
    assert described["CreationTime"]["$date"] % 1000 or described["CreationTime"]["$date"] > 0
    arn = described["FeatureGroupArn"]
    assert js.control("UpdateFeatureGroup", FeatureGroupName=group, FeatureAdditions=[
        {"FeatureName": "extra", "FeatureType": "Integral"}])["FeatureGroupArn"] == arn
    js.control("UpdateFeatureGroup", FeatureGroupName=group, OnlineStoreConfig={"TtlDuration": {"Unit": "Hours", "Value": 4}})
    js.control("UpdateFeatureMetadata", FeatureGroupName=group, FeatureName="extra", Description="d",
               ParameterAdditions=[{"Key": "k", "Value": "v"}])
    metadata = js.control("DescribeFeatureMetadata", FeatureGroupName=group, FeatureName="extra")
    assert metadata["Description"] == "d" and metadata["Parameters"] == [{"Key": "k", "Value": "v"}]
    assert js.control("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])["Tags"] == [{"Key": "a", "Value": "b"}]
    assert js.control("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    js.control("DeleteTags", ResourceArn=arn, TagKeys=["a"])
    assert js.control("ListTags", ResourceArn=arn)["Tags"] == []
    found = js.control("Search", Resource="FeatureGroup", SearchExpression={"Filters": [
        {"Name": "FeatureGroupName", "Operator": "Equals", "Value": group}]})
    assert [one["FeatureGroup"]["FeatureGroupName"] for one in found["Results"]] == [group]
    listed = js.control("ListFeatureGroups", NameContains=group, CreationTimeAfter={"$date": described["CreationTime"]["$date"] - 1},
                        CreationTimeBefore={"$date": described["CreationTime"]["$date"] + 1})
    assert [one["FeatureGroupName"] for one in listed["FeatureGroupSummaries"]] == [group]
    js.control("DeleteFeatureGroup", FeatureGroupName=group)


def test_paginators_of_the_control_plane(js):
    for _ in range(7):
        js.control("CreateFeatureGroup", **definition("paged-" + str(time.monotonic_ns())))
    pages = js.send("control", "ListFeatureGroups", {"NameContains": "paged-"}, pages=True, paging={"pageSize": 3})
    assert [len(page["FeatureGroupSummaries"]) for page in pages][:2] == [3, 3]
    assert len({one["FeatureGroupName"] for page in pages for one in page["FeatureGroupSummaries"]}) == 7
    pages = js.send("control", "Search", {"Resource": "FeatureGroup", "SearchExpression": {"Filters": [
        {"Name": "FeatureGroupName", "Operator": "Contains", "Value": "paged-"}]}}, pages=True, paging={"pageSize": 2})
    assert sum(len(page["Results"]) for page in pages) == 7


def test_modelled_errors(js, group):
    refused(lambda: js.runtime("PutRecord", FeatureGroupName=group, Record=record({"id": "1"})), "ValidationError", 400, "at")
    refused(lambda: js.runtime("GetRecord", FeatureGroupName="nothing", RecordIdentifierValueAsString="1"), "ResourceNotFound", 404, "nothing")
    refused(lambda: js.runtime("GetRecord", FeatureGroupName="arn:aws:sagemaker:us-east-1:999999999999:feature-group/g",
                               RecordIdentifierValueAsString="1"), "AccessForbidden", 403)
    refused(lambda: js.control("DescribeFeatureGroup", FeatureGroupName="nothing"), "ResourceNotFound", 400)
    refused(lambda: js.control("CreateFeatureGroup", **definition(group)), "ResourceInUse", 400)
    refused(lambda: js.control("CreateFeatureGroup", **definition("bad_")), "ValidationException", 400, "FeatureGroupName")


def test_wrong_credentials(js, group):
    get = ("runtime", "GetRecord", {"FeatureGroupName": group, "RecordIdentifierValueAsString": "1"})
    refused(lambda: js.send(*get, secretAccessKey="wrong-secret-key"), "InvalidSignatureException", 403)
    refused(lambda: js.send(*get, accessKeyId="AKIDNOBODY"), "UnrecognizedClientException", 403)


@pytest.mark.parametrize("hours", [1, -1, 24 * 365])
def test_a_wrong_clock_is_corrected(endpoint, node_modules, group, hours):
    """The SDK sets its clock by the Date header of the refusal and sends again, as it does with the service."""
    get = ("runtime", "GetRecord", {"FeatureGroupName": group, "RecordIdentifierValueAsString": "1"})
    driver = Js(endpoint, hours * 3600 * 1000)
    refused(lambda: driver.send(*get, retries=1), "InvalidSignatureException", 403, "Signature")
    answer = driver.send(*get, retries=3)
    assert "Record" not in answer and answer["$metadata"]["attempts"] == 2
    driver.close()
