"""The control plane through boto3: members in and out, statuses, known error texts, pagination (contract 1.5)."""
import datetime
import json
import time

import pytest

from tests.api.conftest import FEATURES, definition, record, refused, values

ROLE = "arn:aws:iam::000000000000:role/asof"


def describe(control, group, **members):
    answer = control.describe_feature_group(FeatureGroupName=group.name, **members)
    answer.pop("ResponseMetadata")
    return answer


def tags_of(control, arn):
    return {tag["Key"]: tag["Value"] for tag in control.list_tags(ResourceArn=arn)["Tags"]}


# --- create and describe ---

def test_create_answers_with_the_arn_alone(raw):
    input_ = definition("Mixed-Case_1")
    status, answer = raw.control("CreateFeatureGroup", input_)
    assert status == 200
    assert answer == {"FeatureGroupArn": "arn:aws:sagemaker:us-east-1:000000000000:feature-group/Mixed-Case_1"}


def test_describe_gives_back_what_was_created(plain_control, control, make_group):
    before = datetime.datetime.now(datetime.timezone.utc)
    group = make_group(
        online={"SecurityConfig": {"KmsKeyId": "alias/key"}, "TtlDuration": {"Unit": "Weeks", "Value": 2}},
        offline={"S3StorageConfig": {"S3Uri": "s3://bucket/deep/prefix/", "KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1"}},
        Description="What it is for", Tags=[{"Key": "team", "Value": "fraud"}])
    answer = describe(control, group)
    assert answer["FeatureGroupArn"] == group.arn and answer["FeatureGroupName"] == group.name
    assert answer["RecordIdentifierFeatureName"] == "id" and answer["EventTimeFeatureName"] == "at"
    assert answer["FeatureDefinitions"] == [{"FeatureName": name, "FeatureType": kind} for name, kind in FEATURES.items()]
    assert abs((answer["CreationTime"] - before).total_seconds()) < 5
    assert answer["LastModifiedTime"] >= answer["CreationTime"]
    assert answer["OnlineStoreConfig"].pop("StorageType", "Standard") == "Standard"
    assert answer["OnlineStoreConfig"] == {"SecurityConfig": {"KmsKeyId": "alias/key"}, "EnableOnlineStore": True,
                                           "TtlDuration": {"Unit": "Weeks", "Value": 2}}
    offline = answer["OfflineStoreConfig"]
    created = int(answer["CreationTime"].timestamp())
    assert offline["S3StorageConfig"] == {
        "S3Uri": "s3://bucket/deep/prefix/", "KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1",
        "ResolvedOutputS3Uri": f"s3://bucket/deep/prefix/000000000000/sagemaker/us-east-1/offline-store/{group.name}-{created}/data"}
    assert offline["DisableGlueTableCreation"] is False
    assert offline["DataCatalogConfig"] == {"TableName": f"{group.name}_{created}".replace("-", "_"), "Catalog": "AwsDataCatalog",
                                            "Database": "sagemaker_featurestore"}
    assert answer["RoleArn"] == ROLE and answer["Description"] == "What it is for"
    assert answer["FeatureGroupStatus"] == "Created" and answer["OfflineStoreStatus"] == {"Status": "Active"}
    assert answer["ThroughputConfig"]["ThroughputMode"] == "OnDemand"
    assert "NextToken" not in answer
    assert tags_of(control, group.arn) == {"team": "fraud"}
    by_arn = plain_control.describe_feature_group(FeatureGroupName=group.arn)
    assert by_arn["FeatureGroupName"] == group.name


def test_defaults(control, make_group):
    online = describe(control, make_group(offline=False))
    assert online["OnlineStoreConfig"]["EnableOnlineStore"] is True and "OfflineStoreConfig" not in online
    offline = describe(control, make_group(online=False))
    assert not offline.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)
    assert offline["OfflineStoreConfig"]["DisableGlueTableCreation"] is False
    assert "Description" not in offline and "FailureReason" not in offline


def test_storage_types(control, make_group):
    assert describe(control, make_group(online={"StorageType": "Standard_V2"}))["OnlineStoreConfig"]["StorageType"] == "Standard_V2"
    refused(lambda: make_group(online={"StorageType": "InMemory"}, offline=False), "ValidationException", "InMemory")
    refused(lambda: make_group(online={"StorageType": "Other"}), "ValidationException", "StorageType")


def test_an_existing_name(control, make_group):
    group = make_group()
    error = refused(lambda: control.create_feature_group(**definition(group.name)), "ResourceInUse", status=400)
    assert error["Message"] == (f"Resource Already Exists: FeatureGroup with name {group.name} already exists. Choose a different name.\n"
                                f"Info: Feature Group '{group.name}' already exists.")


def test_both_stores_off(control):
    for members in ({"online": False, "offline": False}, {"online": {"EnableOnlineStore": False}, "offline": False}):
        error = refused(lambda members=members: control.create_feature_group(**definition(**members)), "ValidationException", status=400)
        assert error["Message"] == ("Validation Error: OnlineStore and OfflineStore cannot be both disabled. Please enable at least one of "
                                    "them and retry the request.")


def test_event_time_and_identifier_features(control):
    refused(lambda: control.create_feature_group(**definition(features={"id": "String", "at": "Integral"})), "ValidationException", "at")
    refused(lambda: control.create_feature_group(**definition(identifier="missing")), "ValidationException", "missing")
    refused(lambda: control.create_feature_group(**definition(event_time="missing")), "ValidationException", "missing")


def test_the_quota_of_groups(own_server, newer_session):
    endpoint = own_server("--feature-groups-max", "3")
    control = endpoint.boto("sagemaker", newer_session)
    for number in range(3):
        control.create_feature_group(**definition(f"g{number}"))
    error = refused(lambda: control.create_feature_group(**definition("g3")), "ResourceLimitExceeded", status=400)
    assert "3" in error["Message"]
    control.delete_feature_group(FeatureGroupName="g1")
    control.create_feature_group(**definition("g3"))


# --- update ---

def test_features_are_added(control, runtime, raw, make_group):
    group = make_group()
    runtime.put_record(FeatureGroupName=group.name, Record=record({"id": "1", "at": "2026-07-01T00:00:00Z", "note": "before"}))
    raw.flush()
    answer = control.update_feature_group(FeatureGroupName=group.arn, FeatureAdditions=[
        {"FeatureName": "added_text", "FeatureType": "String"}, {"FeatureName": "added_count", "FeatureType": "Integral"}])
    assert answer["FeatureGroupArn"] == group.arn
    described = describe(control, group)
    assert [one["FeatureName"] for one in described["FeatureDefinitions"]] == [*FEATURES, "added_text", "added_count"]
    assert described["LastUpdateStatus"]["Status"] == "Successful" and described["FeatureGroupStatus"] == "Created"
    assert described["LastModifiedTime"] > described["CreationTime"]
    assert values(runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1"))["note"] == "before"
    runtime.put_record(FeatureGroupName=group.name, Record=record(
        {"id": "2", "at": "2026-07-01T00:00:00Z", "added_text": "t", "added_count": "5"}))
    raw.flush()
    rows = raw.sql(f'SELECT id, note, added_text, added_count FROM "{group.name}" ORDER BY id')
    assert [(row["id"], row["note"], row["added_text"], row["added_count"] and int(row["added_count"])) for row in rows] == [
        ("1", "before", None, None), ("2", None, "t", 5)]


def test_additions_that_clash(control, make_group):
    group = make_group()
    for name in ("note", "NOTE", "is_deleted"):
        refused(lambda name=name: control.update_feature_group(
            FeatureGroupName=group.name, FeatureAdditions=[{"FeatureName": name, "FeatureType": "String"}]), "ValidationException", name)
    assert len(describe(control, group)["FeatureDefinitions"]) == len(FEATURES)


def test_ttl_and_storage_type_change(control, make_group):
    group = make_group()
    control.update_feature_group(FeatureGroupName=group.name, OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 9}})
    assert describe(control, group)["OnlineStoreConfig"]["TtlDuration"] == {"Unit": "Days", "Value": 9}
    control.update_feature_group(FeatureGroupName=group.name, OnlineStoreConfig={"StorageType": "Standard_V2"})
    config = describe(control, group)["OnlineStoreConfig"]
    assert config["StorageType"] == "Standard_V2" and config["TtlDuration"] == {"Unit": "Days", "Value": 9}
    refused(lambda: control.update_feature_group(FeatureGroupName=group.name, OnlineStoreConfig={"StorageType": "Standard"}),
            "ValidationException", "StorageType")


def test_ttl_is_removed_by_nulls(control, raw, make_group):
    group = make_group(online={"TtlDuration": {"Unit": "Days", "Value": 9}})
    status, answer = raw.control("UpdateFeatureGroup", {"FeatureGroupName": group.name, "OnlineStoreConfig": {
        "TtlDuration": {"Unit": None, "Value": None}}})
    assert status == 200, answer
    assert "TtlDuration" not in describe(control, group)["OnlineStoreConfig"]


def test_one_change_at_a_time(control, make_group):
    group = make_group()
    refused(lambda: control.update_feature_group(
        FeatureGroupName=group.name, FeatureAdditions=[{"FeatureName": "x", "FeatureType": "String"}],
        OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 1}}), "ValidationException")
    refused(lambda: control.update_feature_group(FeatureGroupName=group.name), "ValidationException")


# --- delete ---

def test_delete_forgets_online_and_keeps_history(endpoint, control, runtime, raw, make_group):
    group = make_group()
    runtime.put_record(FeatureGroupName=group.name, Record=record({"id": "1", "at": "2026-07-01T00:00:00Z"}))
    uri = describe(control, group)["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    control.delete_feature_group(FeatureGroupName=group.name)
    for _ in range(50):
        try:
            assert control.describe_feature_group(FeatureGroupName=group.name)["FeatureGroupStatus"] == "Deleting"
        except control.exceptions.ResourceNotFound:
            break
        time.sleep(0.1)
    refused(lambda: runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1"), "ResourceNotFound")
    raw.flush()
    folder = endpoint.data / "offline" / uri.removeprefix("s3://")
    assert len(list(folder.rglob("*.parquet"))) == 1
    time.sleep(1.1)  # the epoch second in the path is another one then
    control.create_feature_group(**definition(group.name))
    assert values(runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1")) is None
    assert describe(control, group)["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"] != uri


def test_delete_wants_a_plain_name(control, make_group):
    group = make_group()
    refused(lambda: control.delete_feature_group(FeatureGroupName=group.arn), "ValidationException", "FeatureGroupName")
    describe(control, group)


def test_unknown_groups(plain_control):
    text = "can't find a FeatureGroup with name nothing-here"
    name = {"FeatureGroupName": "nothing-here"}
    for call in (lambda: plain_control.describe_feature_group(**name), lambda: plain_control.delete_feature_group(**name),
                 lambda: plain_control.update_feature_group(**name, FeatureAdditions=[{"FeatureName": "x", "FeatureType": "String"}]),
                 lambda: plain_control.describe_feature_metadata(**name, FeatureName="x"),
                 lambda: plain_control.update_feature_metadata(**name, FeatureName="x", Description="d")):
        with pytest.raises(plain_control.exceptions.ResourceNotFound) as caught:
            call()
        response = caught.value.response
        assert text in response["Error"]["Message"] and response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_arns_of_others(control, make_group):
    group = make_group()
    for arn in (group.arn.replace("000000000000", "111111111111"), group.arn.replace("us-east-1", "eu-west-1")):
        for call in (lambda arn=arn: control.describe_feature_group(FeatureGroupName=arn),
                     lambda arn=arn: control.list_tags(ResourceArn=arn),
                     lambda arn=arn: control.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])):
            refused(call, "AccessDeniedException", "not authorized", status=400)


# --- feature metadata ---

def test_feature_metadata(plain_control, make_group):
    group = make_group()
    both = {"FeatureGroupName": group.name, "FeatureName": "ratio"}
    answer = plain_control.describe_feature_metadata(**both)
    assert (answer["FeatureGroupArn"], answer["FeatureGroupName"], answer["FeatureName"], answer["FeatureType"]) == (
        group.arn, group.name, "ratio", "Fractional")
    assert answer["LastModifiedTime"] >= answer["CreationTime"]
    assert answer.get("Parameters", []) == [] and "Description" not in answer
    plain_control.update_feature_metadata(**both, Description="a ratio", ParameterAdditions=[
        {"Key": "unit", "Value": "none"}, {"Key": "owner", "Value": "fraud team"}])
    plain_control.update_feature_metadata(FeatureGroupName=group.arn, FeatureName="ratio", ParameterAdditions=[{"Key": "unit", "Value": "1"}],
                                          ParameterRemovals=["owner"])
    answer = plain_control.describe_feature_metadata(FeatureGroupName=group.arn, FeatureName="ratio")
    assert answer["Description"] == "a ratio" and answer["Parameters"] == [{"Key": "unit", "Value": "1"}]
    plain_control.update_feature_metadata(**both, Description="")
    assert not plain_control.describe_feature_metadata(**both).get("Description")
    refused(lambda: plain_control.describe_feature_metadata(FeatureGroupName=group.name, FeatureName="nothing"), "ResourceNotFound", "nothing")
    refused(lambda: plain_control.update_feature_metadata(FeatureGroupName=group.name, FeatureName="nothing", Description="d"),
            "ResourceNotFound", "nothing")


def test_at_most_25_parameters(plain_control, make_group):
    group = make_group()
    both = {"FeatureGroupName": group.name, "FeatureName": "note"}
    plain_control.update_feature_metadata(**both, ParameterAdditions=[{"Key": f"k{n}", "Value": "v"} for n in range(25)])
    refused(lambda: plain_control.update_feature_metadata(**both, ParameterAdditions=[{"Key": "one-more", "Value": "v"}]),
            "ValidationException")
    plain_control.update_feature_metadata(**both, ParameterRemovals=["k0"], ParameterAdditions=[{"Key": "one-more", "Value": "v"}])
    assert len(plain_control.describe_feature_metadata(**both)["Parameters"]) == 25


# --- tags ---

def test_tags(plain_control, make_group):
    group = make_group(Tags=[{"Key": "a", "Value": "1"}, {"Key": "empty", "Value": ""}])
    answer = plain_control.add_tags(ResourceArn=group.arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "ключ é", "Value": "@:/=+-_."}])
    assert {tag["Key"]: tag["Value"] for tag in answer["Tags"]} == {"a": "2", "empty": "", "ключ é": "@:/=+-_."}
    assert tags_of(plain_control, group.arn) == {"a": "2", "empty": "", "ключ é": "@:/=+-_."}
    plain_control.delete_tags(ResourceArn=group.arn, TagKeys=["a", "not there"])
    assert tags_of(plain_control, group.arn) == {"empty": "", "ключ é": "@:/=+-_."}


def test_at_most_50_tags(plain_control, make_group):
    group = make_group()
    plain_control.add_tags(ResourceArn=group.arn, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    with pytest.raises(plain_control.exceptions.ClientError):
        plain_control.add_tags(ResourceArn=group.arn, Tags=[{"Key": "one more", "Value": "v"}])
    plain_control.add_tags(ResourceArn=group.arn, Tags=[{"Key": "k1", "Value": "changed"}])
    assert len(tags_of(plain_control, group.arn)) == 50
    pages = list(plain_control.get_paginator("list_tags").paginate(ResourceArn=group.arn, PaginationConfig={"PageSize": 50}))
    assert sum(len(page["Tags"]) for page in pages) == 50


# --- list and search ---

@pytest.fixture(scope="module")
def catalog(own_module_server, newer_session):
    """A server with 25 groups of known names, made in a known order."""
    control = own_module_server.boto("sagemaker", newer_session)
    for number in range(25):
        online = {"online": False} if number % 5 == 0 else {}
        control.create_feature_group(**definition(f"cat-{(number * 7) % 25:02d}", Description=f"number {number}",
                                                  Tags=[{"Key": "parity", "Value": "even" if number % 2 == 0 else "odd"}], **online))
        time.sleep(0.003)
    control.create_feature_group(**definition("other", offline=False))
    control.update_feature_metadata(FeatureGroupName="cat-03", FeatureName="note", Description="free text",
                                    ParameterAdditions=[{"Key": "team", "Value": "fraud"}])
    return control


@pytest.fixture(scope="module")
def own_module_server(tmp_path_factory):
    from tests.api.conftest import start, stop
    running = start(tmp_path_factory.mktemp("catalog"))
    yield running
    stop(running)


def names_of(control, **members):
    pages = control.get_paginator("list_feature_groups").paginate(**members)
    return [one["FeatureGroupName"] for page in pages for one in page["FeatureGroupSummaries"]]


def test_list_feature_groups(catalog):
    made = [f"cat-{(number * 7) % 25:02d}" for number in range(25)]
    assert names_of(catalog, SortBy="Name", SortOrder="Ascending") == [*sorted(made), "other"]
    assert names_of(catalog, SortBy="Name", SortOrder="Descending") == ["other", *sorted(made, reverse=True)]
    assert names_of(catalog, SortBy="CreationTime", SortOrder="Ascending") == [*made, "other"]
    assert names_of(catalog, SortBy="CreationTime", SortOrder="Descending", NameContains="cat") == made[::-1]
    assert names_of(catalog, SortBy="Name", SortOrder="Ascending", MaxResults=4) == [*sorted(made), "other"]
    assert names_of(catalog, NameContains="nothing") == []
    assert sorted(names_of(catalog, FeatureGroupStatusEquals="Created")) == [*sorted(made), "other"]
    assert names_of(catalog, FeatureGroupStatusEquals="CreateFailed") == []
    assert sorted(names_of(catalog, OfflineStoreStatusEquals="Active")) == sorted(made)
    one = catalog.list_feature_groups(NameContains="cat-00")["FeatureGroupSummaries"][0]
    assert one["FeatureGroupArn"].endswith(":feature-group/cat-00") and one["FeatureGroupStatus"] == "Created"
    assert one["OfflineStoreStatus"] == {"Status": "Active"}


def test_list_by_creation_time(catalog):
    times = {name: catalog.describe_feature_group(FeatureGroupName=name)["CreationTime"] for name in ("cat-00", "other")}
    assert "cat-00" not in names_of(catalog, CreationTimeAfter=times["other"] + datetime.timedelta(seconds=1))
    assert len(names_of(catalog, CreationTimeBefore=times["other"] + datetime.timedelta(seconds=2))) == 26
    assert names_of(catalog, CreationTimeBefore=times["cat-00"] - datetime.timedelta(seconds=2)) == []
    assert len(names_of(catalog, CreationTimeAfter=times["cat-00"] - datetime.timedelta(seconds=2))) == 26


def test_list_tokens_are_checked(catalog):
    token = catalog.list_feature_groups(MaxResults=5)["NextToken"]
    for bad in (token[:-1], "x", token + "x"):
        refused(lambda bad=bad: catalog.list_feature_groups(MaxResults=5, NextToken=bad), "ValidationException", "NextToken")


def search(control, filters=None, resource="FeatureGroup", **members):
    expression = {"SearchExpression": {"Filters": filters}} if filters else {}
    pages = control.get_paginator("search").paginate(Resource=resource, **expression, **members)
    return [one[resource] for page in pages for one in page["Results"]]


def test_search_groups(catalog):
    def found(*filters, **members):
        return [one["FeatureGroupName"] for one in search(catalog, [dict(zip(("Name", "Operator", "Value"), one)) for one in filters],
                                                          **members)]

    assert found(("FeatureGroupName", "Equals", "cat-03")) == ["cat-03"]
    assert len(found(("FeatureGroupName", "Contains", "cat-"))) == 25
    assert len(found(("FeatureGroupName", "NotEquals", "other"))) == 25
    assert found(("Description", "Equals", "number 0")) == ["cat-00"]
    assert len(found(("Tags.parity", "Equals", "odd"))) == 12
    assert len(found(("Tags.parity", "Equals", "odd"), ("FeatureGroupName", "Contains", "cat-1"))) < 12
    assert found(("Tags.parity", "NotExists")) == ["other"]
    assert found(("FeatureGroupName", "In", "cat-03,cat-04"), SortBy="FeatureGroupName", SortOrder="Ascending") == ["cat-03", "cat-04"]
    assert len(found(("FeatureGroupName", "Contains", "cat-"), MaxResults=3)) == 25
    assert found(("CreationTime", "GreaterThan", "2099-01-01T00:00:00Z")) == []
    one = search(catalog, [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": "cat-00"}])[0]
    assert one["FeatureGroupArn"].endswith("/cat-00") and one["RecordIdentifierFeatureName"] == "id"
    assert one["Tags"] == [{"Key": "parity", "Value": "even"}] and one["FeatureGroupStatus"] == "Created"
    assert len(one["FeatureDefinitions"]) == len(FEATURES)


def test_search_expressions(catalog):
    answer = catalog.search(Resource="FeatureGroup", MaxResults=100, SearchExpression={
        "Operator": "Or", "Filters": [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": "cat-01"}],
        "SubExpressions": [{"Filters": [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": "cat-02"},
                                        {"Name": "Description", "Operator": "Contains", "Value": "number"}]}]})
    assert sorted(one["FeatureGroup"]["FeatureGroupName"] for one in answer["Results"]) == ["cat-01", "cat-02"]


def test_search_feature_metadata(catalog):
    found = search(catalog, [{"Name": "Parameters.team", "Operator": "Equals", "Value": "fraud"}], resource="FeatureMetadata")
    assert [(one["FeatureGroupName"], one["FeatureName"], one["FeatureType"]) for one in found] == [("cat-03", "note", "String")]
    assert found[0]["Parameters"] == [{"Key": "team", "Value": "fraud"}] and found[0]["Description"] == "free text"
    found = search(catalog, [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": "cat-07"}], resource="FeatureMetadata")
    assert sorted(one["FeatureName"] for one in found) == sorted(FEATURES)
    assert len(search(catalog, [{"Name": "AllParameters", "Operator": "Contains", "Value": "frau"}], resource="FeatureMetadata")) == 1


def test_search_without_an_expression(catalog):
    assert len(search(catalog)) == 26
    assert catalog.search(Resource="Endpoint")["Results"] == []  # there are none
    refused(lambda: catalog.search(Resource="Nonsense"), "ValidationException", "Resource")


# --- the wire ---

def test_errors_on_the_wire(raw):
    status, kind, body = raw.request("POST", "/", json.dumps({"FeatureGroupName": "nothing"}).encode(),
                                     {"x-amz-target": "SageMaker.DescribeFeatureGroup", "content-type": "application/x-amz-json-1.1"})
    answer = json.loads(body)
    assert status == 400 and answer["__type"].endswith("ResourceNotFound") and "nothing" in answer["Message"]


def test_unknown_operations(raw):
    for target in ("SageMaker.CreateModel", "SageMaker.", "AmazonAthena.StartQueryExecution", "", "SageMaker.createfeaturegroup"):
        status, kind, _ = raw.request("POST", "/", b"{}", {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"})
        assert status in (400, 404) and "UnknownOperation" in kind


def test_definitions_survive_a_restart(own_server, newer_session):
    endpoint = own_server(name="again")
    control = endpoint.boto("sagemaker", newer_session)
    control.create_feature_group(**definition("kept", Description="d", Tags=[{"Key": "k", "Value": "v"}]))
    control.update_feature_group(FeatureGroupName="kept", FeatureAdditions=[{"FeatureName": "late", "FeatureType": "Integral"}])
    control.update_feature_metadata(FeatureGroupName="kept", FeatureName="late", Description="added later")
    control.create_feature_group(**definition("gone"))
    control.delete_feature_group(FeatureGroupName="gone")
    runtime = endpoint.boto("sagemaker-featurestore-runtime", newer_session)
    runtime.put_record(FeatureGroupName="kept", Record=record({"id": "1", "at": "2026-07-01T00:00:00Z", "late": "5"}))
    before = control.describe_feature_group(FeatureGroupName="kept")
    from tests.api.conftest import stop
    stop(endpoint)
    endpoint = own_server(name="again")
    control = endpoint.boto("sagemaker", newer_session)
    after = control.describe_feature_group(FeatureGroupName="kept")
    for answer in (before, after):
        answer.pop("ResponseMetadata")
        answer.pop("OnlineStoreTotalSizeBytes", None)
    assert after == before
    assert tags_of(control, after["FeatureGroupArn"]) == {"k": "v"}
    assert control.describe_feature_metadata(FeatureGroupName="kept", FeatureName="late")["Description"] == "added later"
    assert names_of(control) == ["kept"]
    runtime = endpoint.boto("sagemaker-featurestore-runtime", newer_session)
    assert values(runtime.get_record(FeatureGroupName="kept", RecordIdentifierValueAsString="1"))["late"] == "5"
