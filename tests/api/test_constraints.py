"""Each constraint of the contract (1.4, 1.5, 2.1, 2.5): just inside it is accepted, just outside it is refused with the code of the
contract and a message that names the member, and a refused request has written nothing."""
import copy
import uuid

import pytest

from tests.api.conftest import definition, record
from tests.api.wire import RUNTIME, call

NAME_64 = "n" + "-" * 62 + "9"
FEATURE_64 = "f" + "_" * 62 + "9"
T1 = "2026-07-01T00:00:00Z"
FEATURES = {"id": "String", "at": "String", "count": "Integral", "ratio": "Fractional", "note": "String", "second": "String",
            FEATURE_64: "String"}
ARN = "arn:aws:sagemaker:us-east-1:000000000000:feature-group/"


@pytest.fixture(scope="module")
def names(control):
    """Groups that the cases speak of: by String and by Fractional event time, updatable, without an offline store, one to describe."""
    unique = uuid.uuid4().hex[:8]
    found = {kind: f"{kind}-{unique}" for kind in ("text", "number", "updatable", "online", "described")}
    control.create_feature_group(**definition(found["text"], features=FEATURES))
    control.create_feature_group(**definition(found["number"], features={**FEATURES, "at": "Fractional"}))
    control.create_feature_group(**definition(found["updatable"], features={**FEATURES, **{f"u{n}": "Integral" for n in range(110)}},
                                              online={"StorageType": "Standard_V2"}))
    control.create_feature_group(**definition(found["online"], features=FEATURES, offline=False))
    control.create_feature_group(**definition(found["described"], features=FEATURES))
    control.create_feature_group(**definition(NAME_64, features=FEATURES))
    return found


def row(**values):
    """A Record; names with a value of None are left out."""
    return record({name: value for name, value in {"id": "1", "at": T1, **values}.items() if value is not None})


def base(operation, names):
    """A request that is accepted."""
    text = names["text"]
    return {
        "PutRecord": lambda: {"FeatureGroupName": text, "Record": row()},
        "GetRecord": lambda: {"FeatureGroupName": text, "RecordIdentifierValueAsString": "1"},
        "DeleteRecord": lambda: {"FeatureGroupName": text, "RecordIdentifierValueAsString": "1", "EventTime": T1},
        "UpdateRecord": lambda: {"FeatureGroupName": names["updatable"], "RecordIdentifierValueAsString": "1",
                                 "Features": record({"note": "n", "at": T1})},
        "ListRecords": lambda: {"FeatureGroupName": text},
        "BatchGetRecord": lambda: {"Identifiers": [{"FeatureGroupName": text, "RecordIdentifiersValueAsString": ["1"]}]},
        "BatchWriteRecord": lambda: {"Entries": [{"FeatureGroupName": text, "Record": row()}]},
        "CreateFeatureGroup": lambda: definition("c-" + uuid.uuid4().hex[:16], offline={"S3StorageConfig": {"S3Uri": "s3://bucket/p"}}),
        "DescribeFeatureGroup": lambda: {"FeatureGroupName": names["described"]},
        "ListFeatureGroups": lambda: {},
        "UpdateFeatureGroup": lambda: {"FeatureGroupName": names["described"]},
        "DeleteFeatureGroup": lambda: {"FeatureGroupName": names["described"]},
        "DescribeFeatureMetadata": lambda: {"FeatureGroupName": names["described"], "FeatureName": "note"},
        "UpdateFeatureMetadata": lambda: {"FeatureGroupName": names["described"], "FeatureName": "note", "Description": "d"},
        "AddTags": lambda: {"ResourceArn": ARN + names["described"], "Tags": [{"Key": "k", "Value": "v"}]},
        "ListTags": lambda: {"ResourceArn": ARN + names["described"]},
        "DeleteTags": lambda: {"ResourceArn": ARN + names["described"], "TagKeys": ["k"]},
        "Search": lambda: {"Resource": "FeatureGroup", "SearchExpression": {"Filters": [
            {"Name": "FeatureGroupName", "Operator": "Equals", "Value": "x"}]}},
    }[operation]()


REMOVED = object()


def changed(members, path, value):
    """`members` with the member at the dotted path set, or taken away."""
    members = copy.deepcopy(members)
    place = members
    *parents, last = path.split(".")
    for step in parents:
        if isinstance(place, list):
            place = place[int(step)]
        else:
            place = place.setdefault(step, {})
    if value is REMOVED:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return members


def times(count, make):
    return [make(number) for number in range(count)]


def string(length):
    return "x" * length


def tags(count):
    return times(count, lambda number: {"Key": f"k{number}", "Value": "v"})


def filters(count):
    return times(count, lambda number: {"Name": "FeatureGroupName", "Operator": "NotEquals", "Value": f"v{number}"})


def definitions(count):
    return [{"FeatureName": "id", "FeatureType": "String"}, {"FeatureName": "at", "FeatureType": "String"},
            *times(count - 2, lambda number: {"FeatureName": f"f{number}", "FeatureType": "Integral"})]


BAD_NAMES = ["", "a-", "a_", "-a", "_a", "a b", "a.b", "a/b", "é", "..", "a\n", "a" * 65]
GOOD_NAMES = ["a", "9", "a-b", "a_-_b"]
BAD_TTLS = [("TtlDuration", {"Unit": "Days"}), ("TtlDuration", {"Value": 1}), ("TtlDuration.Value", 0), ("TtlDuration.Value", -1),
            ("TtlDuration.Value", 1.5), ("TtlDuration.Value", "1"), ("TtlDuration.Unit", "Months"), ("TtlDuration.Unit", "days"),
            ("TtlDuration.Unit", 1), ("TtlDuration", "1 day"), ("TtlDuration", [])]
UNITS = ["Seconds", "Minutes", "Hours", "Days", "Weeks"]

# (operation, path, values that are accepted, values that are refused, what the message names)
TABLE = [
    # names of groups
    *((operation, "FeatureGroupName", [NAME_64, ARN + NAME_64], [*[name for name in BAD_NAMES if name], ARN, ARN + "a-",
                                                                 ARN.replace("feature-group", "model") + "a",
                                                                 ARN.replace("000000000000", "0") + "a"], "FeatureGroupName")
      for operation in ("PutRecord", "GetRecord", "DeleteRecord", "ListRecords")),
    ("BatchGetRecord", "Identifiers.0.FeatureGroupName", [NAME_64, ARN + NAME_64], [*BAD_NAMES, REMOVED, None, 1], "FeatureGroupName"),
    ("CreateFeatureGroup", "FeatureGroupName", [], [*BAD_NAMES, ARN + "a", REMOVED, None, 5], "FeatureGroupName"),
    ("DeleteFeatureGroup", "FeatureGroupName", [], [*BAD_NAMES, ARN + NAME_64, REMOVED], "FeatureGroupName"),
    *((operation, "FeatureGroupName", [NAME_64, ARN + NAME_64], [*BAD_NAMES, ARN, REMOVED, None], "FeatureGroupName")
      for operation in ("DescribeFeatureGroup", "DescribeFeatureMetadata", "UpdateFeatureMetadata")),

    # Record and its values
    ("PutRecord", "Record", [row(count=None)], [[], REMOVED, None, {}, "x"], "Record"),
    ("PutRecord", "Record.0.FeatureName", [], [REMOVED, None, 1], "FeatureName"),
    ("PutRecord", "Record.0.FeatureName", [], BAD_NAMES, "no feature '"),
    ("PutRecord", "Record", [row(**{FEATURE_64: "v"})], [row(unknown="v"), row(NOTE="v")], None),
    ("PutRecord", "Record", [], [row(unknown="v")], "unknown"),
    ("PutRecord", "Record", [], [row(id=None)], "id"),
    ("PutRecord", "Record", [], [row(at=None)], "at"),
    ("PutRecord", "Record", [], [row() + record({"note": "a"}) + record({"note": "b"})], "note"),
    ("PutRecord", "Record", [], [row() + [{"FeatureName": "note"}], row() + [{"FeatureName": "note", "ValueAsString": None}],
                                 row() + [{"FeatureName": "note", "ValueAsString": "a", "ValueAsStringList": ["a"]}],
                                 row() + [{"FeatureName": "note", "ValueAsStringList": ["a"]}]], "note"),
    ("PutRecord", "Record", [], [row() + [{"FeatureName": "note", "ValueAsString": value}] for value in (5, True, [], {})], "ValueAsString"),
    ("PutRecord", "Record", [row(note=string(358400)), row(note="é" * 179200), row(note="")],
     [row(note=string(358401))], "note"),
    ("PutRecord", "Record", [row(note=string(200000), second=string(158400))], [row(note=string(200000), second=string(158401))], "358400"),
    ("PutRecord", "Record", [row(id=string(2048)), row(id="é" * 1024)], [row(id=string(2049)), row(id="é" * 1024 + "x")], "id"),
    ("PutRecord", "Record", [row(count=text) for text in ("0", "-1", "9223372036854775807", "-9223372036854775808")],
     [row(count=text) for text in ("9223372036854775808", "-9223372036854775809", "1.0", "1e3", "", " 1", "1 ", "0x1", "one", "--1", "١")],
     "count"),
    ("PutRecord", "Record", [row(ratio=text) for text in ("0", "-1.5", "1e308", "1.7976931348623157e308", "4.9e-324", "1e-400", "5")],
     [row(ratio=text) for text in ("1e309", "-1.8e308", "NaN", "Infinity", "-inf", "", " 1", "0x1p3", "1,5", "1e", "half")], "ratio"),

    # event times
    ("PutRecord", "Record", [row(at=text) for text in (
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "2026-07-01T00:00:00.1Z",
        "2026-07-01T00:00:00.123456789Z", "2024-02-29T23:59:59Z", "2000-02-29T00:00:00Z")], [row(at=text) for text in (
            "", "2026-07-01", "2026-07-01T00:00:00", "2026-07-01T00:00:00+00:00", "2026-07-01T00:00:00.Z", "2026-07-01T00:00:00.1234567890Z",
            "2026-07-01 00:00:00Z", "2026-07-01t00:00:00Z", "2026-07-01T00:00:00z", "2026-7-1T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-07-00T00:00:00Z",
            "2026-07-01T24:00:00Z", "2026-07-01T00:60:00Z", "2026-07-01T00:00:60Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
            "1782914587", " 2026-07-01T00:00:00Z")], "at"),
    ("DeleteRecord", "EventTime", ["2026-07-01T00:00:00.123456789Z"], ["", "yesterday", "2026-07-01T00:00:00", REMOVED], "EventTime"),

    # enums and lists of the runtime
    *((operation, "TargetStores", [["OnlineStore"], ["OfflineStore"], ["OnlineStore", "OfflineStore"]],
       [["onlinestore"], ["Other"], ["OnlineStore", "OfflineStore", "OnlineStore"]], "TargetStores")
      for operation in ("PutRecord", "DeleteRecord")),
    ("PutRecord", "TargetStores", [], [[], "OnlineStore", [1]], "TargetStores"),
    ("GetRecord", "RecordIdentifierValueAsString", ["x" * 2048], ["x" * 2049, REMOVED], "RecordIdentifierValueAsString"),
    ("DeleteRecord", "RecordIdentifierValueAsString", ["x" * 2048], ["x" * 2049, REMOVED], "RecordIdentifierValueAsString"),
    ("GetRecord", "FeatureNames", [[FEATURE_64], ["note", "id"]], [["x" * 65], [""], ["a-"]], "FeatureName"),
    ("GetRecord", "ExpirationTimeResponse", ["Enabled", "Disabled"], ["enabled", "Yes", ""], "ExpirationTimeResponse"),
    ("DeleteRecord", "DeletionMode", ["SoftDelete"], ["softdelete", "Delete", ""], "DeletionMode"),
    *(("PutRecord", "TtlDuration", [{"Unit": unit, "Value": 1}], [], "TtlDuration") for unit in UNITS),
    ("PutRecord", "TtlDuration.Value", [], [], "TtlDuration"),

    # batches
    ("BatchGetRecord", "Identifiers", [], [[], REMOVED, None, {}], "Identifiers"),
    ("BatchGetRecord", "Identifiers.0.RecordIdentifiersValueAsString", [times(100, str)], [[], times(101, str), REMOVED, "1", [1]],
     "RecordIdentifiersValueAsString"),
    ("BatchGetRecord", "Identifiers.0.FeatureNames", [["note"], [FEATURE_64]], [[], ["x" * 65], ["a-"], "note"], "FeatureName"),
    ("BatchGetRecord", "ExpirationTimeResponse", ["Enabled", "Disabled"], ["enabled", ""], "ExpirationTimeResponse"),
    ("BatchWriteRecord", "Entries", [], [[], REMOVED, None, {}], "Entries"),
    ("BatchWriteRecord", "Entries.0.Record", [], [REMOVED, None, []], "Record"),
    ("ListRecords", "MaxResults", [1, 100], [0, 101, -1, 1.5, "10"], "MaxResults"),
    ("ListRecords", "NextToken", [], ["", "x" * 8193, 5], "NextToken"),
    ("ListRecords", "IncludeSoftDeletedRecords", [True, False], ["true", 1], "IncludeSoftDeletedRecords"),
    ("UpdateRecord", "Features", [times(100, lambda number: {"FeatureName": f"u{number}", "ValueAsString": "1"})],
     [[], times(101, lambda number: {"FeatureName": f"u{number}", "ValueAsString": "1"}), REMOVED], "Features"),
    ("UpdateRecord", "RecordIdentifierValueAsString", [], [REMOVED, None, 1], "RecordIdentifierValueAsString"),

    # CreateFeatureGroup
    ("CreateFeatureGroup", "RecordIdentifierFeatureName", ["note"], [*BAD_NAMES, REMOVED], "RecordIdentifierFeatureName"),
    ("CreateFeatureGroup", "EventTimeFeatureName", ["ratio"], [*BAD_NAMES, REMOVED], "EventTimeFeatureName"),
    ("CreateFeatureGroup", "FeatureDefinitions", [definitions(2), definitions(2500)], [[], definitions(2501), REMOVED, {}], "FeatureDefinitions"),
    ("CreateFeatureGroup", "FeatureDefinitions.4.FeatureName", [FEATURE_64, *GOOD_NAMES], [*BAD_NAMES, REMOVED], "FeatureName"),
    ("CreateFeatureGroup", "FeatureDefinitions.4.FeatureName", [], ["count"], "count"),
    *(("CreateFeatureGroup", "FeatureDefinitions.4.FeatureName", [], [name, name.upper()], name)
      for name in ("is_deleted", "write_time", "api_invocation_time")),
    ("CreateFeatureGroup", "FeatureDefinitions.4.FeatureType", ["String", "Integral", "Fractional"], ["string", "Double", "", REMOVED, 1],
     "FeatureType"),
    ("CreateFeatureGroup", "FeatureDefinitions.4.CollectionType", [], ["list", "Map", ""], "CollectionType"),
    ("CreateFeatureGroup", "Description", ["", string(128), "é" * 128], [string(129), 5], "Description"),
    ("CreateFeatureGroup", "RoleArn", ["arn:aws:iam::000000000000:role/" + string(2017), "arn:aws-cn:iam::000000000000:role/a/b+=,.@-_"],
     ["", "arn:aws:iam::0:role/a", "arn:aws:iam::000000000000:role/" + string(2018), "arn:aws:iam::000000000000:user/admin",
      "arn:aws:iam::000000000000:role/a b"], "RoleArn"),
    ("CreateFeatureGroup", "Tags", [[], tags(50)], [tags(51), {}], "Tags"),
    ("CreateFeatureGroup", "Tags", [[{"Key": "k" * 128, "Value": "v" * 256}], [{"Key": "ключ ١ é_.:/=+-@", "Value": ""}]],
     [[{"Key": "k" * 129, "Value": ""}], [{"Key": "", "Value": ""}], [{"Key": "a!", "Value": ""}], [{"Value": ""}]], "Key"),
    ("CreateFeatureGroup", "Tags", [], [[{"Key": "k", "Value": "v" * 257}], [{"Key": "k", "Value": "a;b"}], [{"Key": "k"}]], "Value"),
    ("CreateFeatureGroup", "OfflineStoreConfig.S3StorageConfig", [], [REMOVED, None], "S3StorageConfig"),
    ("CreateFeatureGroup", "OfflineStoreConfig.S3StorageConfig.S3Uri", ["s3://b", "s3://b/", "s3://bucket/" + string(1012)],
     ["", "s3://", "s3:///x", "ftp://b/x", "/etc", "s3://bucket/" + string(1013), REMOVED], "S3Uri"),
    ("CreateFeatureGroup", "OfflineStoreConfig.S3StorageConfig.KmsKeyId", ["", "a:/_-" * 409], [string(2049), "a b"], "KmsKeyId"),
    ("CreateFeatureGroup", "OnlineStoreConfig.SecurityConfig", [{"KmsKeyId": "a" * 2048}], [{"KmsKeyId": "a" * 2049}, {"KmsKeyId": "ü"}],
     "KmsKeyId"),
    ("CreateFeatureGroup", "OfflineStoreConfig.DisableGlueTableCreation", [True, False], ["true", 1], "DisableGlueTableCreation"),
    ("CreateFeatureGroup", "OfflineStoreConfig.TableFormat", ["Default", "Glue"], ["glue", "Hudi", ""], "TableFormat"),
    ("CreateFeatureGroup", "OfflineStoreConfig.DataCatalogConfig", [], [
        {"Catalog": "AwsDataCatalog", "Database": "d"}, {"TableName": "", "Catalog": "AwsDataCatalog", "Database": "d"}], "TableName"),
    ("CreateFeatureGroup", "OfflineStoreConfig.DataCatalogConfig", [], [
        {"TableName": "t", "Catalog": "AwsDataCatalog"}, {"TableName": "t", "Catalog": "AwsDataCatalog", "Database": string(256)}], "Database"),
    ("CreateFeatureGroup", "OfflineStoreConfig.DataCatalogConfig", [], [
        {"TableName": "t", "Database": "d"}, {"TableName": "t", "Catalog": string(256), "Database": "d"}], "Catalog"),
    ("CreateFeatureGroup", "OnlineStoreConfig.EnableOnlineStore", [True], ["true", 1], "EnableOnlineStore"),
    ("CreateFeatureGroup", "OnlineStoreConfig.StorageType", ["Standard", "Standard_V2"], ["standard", "", "Memory"], "StorageType"),
    *(("CreateFeatureGroup", "OnlineStoreConfig.TtlDuration", [{"Unit": unit, "Value": 1}], [], "TtlDuration") for unit in UNITS),
    ("CreateFeatureGroup", "ThroughputConfig.ThroughputMode", ["OnDemand"], ["ondemand", "", "Reserved"], "ThroughputMode"),
    ("CreateFeatureGroup", "ThroughputConfig", [], [{"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": -1,
                                                    "ProvisionedWriteCapacityUnits": 1},
                                                   {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 10000001,
                                                    "ProvisionedWriteCapacityUnits": 1}], "ProvisionedReadCapacityUnits"),

    # the others of the control plane
    ("DescribeFeatureGroup", "NextToken", [], ["x" * 8193], "NextToken"),
    ("ListFeatureGroups", "NameContains", ["a", "a" * 64], ["", "a" * 65, 1], "NameContains"),
    ("ListFeatureGroups", "MaxResults", [1, 100], [0, 101, "5", 1.5], "MaxResults"),
    ("ListFeatureGroups", "SortBy", ["Name", "FeatureGroupStatus", "OfflineStoreStatus", "CreationTime"], ["name", ""], "SortBy"),
    ("ListFeatureGroups", "SortOrder", ["Ascending", "Descending"], ["Up", ""], "SortOrder"),
    ("ListFeatureGroups", "FeatureGroupStatusEquals", ["Creating", "Created", "CreateFailed", "Deleting", "DeleteFailed"], ["created", ""],
     "FeatureGroupStatusEquals"),
    ("ListFeatureGroups", "OfflineStoreStatusEquals", ["Active", "Blocked", "Disabled"], ["active", ""], "OfflineStoreStatusEquals"),
    ("ListFeatureGroups", "CreationTimeAfter", [0, 1704164645, 1704164645.678], ["2026-01-01T00:00:00Z", True], "CreationTimeAfter"),
    ("ListFeatureGroups", "NextToken", [], ["x" * 8193, "x"], "NextToken"),
    ("UpdateFeatureGroup", "FeatureAdditions", [times(100, lambda number: {"FeatureName": f"a{number}", "FeatureType": "String"})],
     [[], times(101, lambda number: {"FeatureName": f"b{number}", "FeatureType": "String"}), {}], "FeatureAdditions"),
    ("UpdateFeatureGroup", "FeatureAdditions", [], [[{"FeatureName": name, "FeatureType": "String"}] for name in BAD_NAMES], "FeatureName"),
    ("UpdateFeatureGroup", "FeatureAdditions", [], [[{"FeatureName": "z", "FeatureType": "Text"}], [{"FeatureName": "z"}]], "FeatureType"),
    ("UpdateFeatureMetadata", "FeatureName", [FEATURE_64], [*BAD_NAMES, REMOVED], "FeatureName"),
    ("UpdateFeatureMetadata", "Description", ["", string(255), "é" * 255], [string(256), "a\nb", 5], "Description"),
    ("UpdateFeatureMetadata", "ParameterAdditions", [[{"Key": "k" * 255, "Value": "v" * 255}], [{"Key": "ключ é", "Value": "٣"}]],
     [[{"Key": "k" * 256, "Value": "v"}], [{"Key": "", "Value": "v"}], [{"Key": "a@b", "Value": "v"}], [{"Value": "v"}]], "Key"),
    ("UpdateFeatureMetadata", "ParameterAdditions", [], [[{"Key": "k", "Value": "v" * 256}], [{"Key": "k", "Value": ""}], [{"Key": "k"}]],
     "Value"),
    ("UpdateFeatureMetadata", "ParameterAdditions", [], [tags(26)], "ParameterAdditions"),
    ("UpdateFeatureMetadata", "ParameterRemovals", [times(25, str)], [times(26, str), "k"], "ParameterRemovals"),
    ("UpdateFeatureMetadata", "ParameterRemovals", [], [[""], ["k" * 256]], "ParameterRemovals"),
    *((operation, "ResourceArn", [ARN + NAME_64], ["", "x", ARN, NAME_64, ARN + string(260), REMOVED], "ResourceArn")
      for operation in ("AddTags", "ListTags", "DeleteTags")),
    ("AddTags", "Tags", [tags(49)], [tags(51), REMOVED, None], "Tags"),
    ("AddTags", "Tags", [], [[{"Key": "k" * 129, "Value": ""}], [{"Key": "a!", "Value": ""}]], "Key"),
    ("DeleteTags", "TagKeys", [times(50, str)], [[], times(51, str), REMOVED], "TagKeys"),
    ("ListTags", "MaxResults", [50, 100], [49, 0, -1], "MaxResults"),
    ("ListTags", "NextToken", [], ["x" * 8193], "NextToken"),
    ("Search", "Resource", ["FeatureGroup", "FeatureMetadata"], ["featuregroup", "", REMOVED], "Resource"),
    ("Search", "SearchExpression.Filters", [filters(1), filters(20)], [[], filters(21)], "Filters"),
    ("Search", "SearchExpression.Filters.0.Name", [], ["", string(256), REMOVED], "Name"),
    ("Search", "SearchExpression.Filters.0.Operator", ["Equals", "NotEquals", "Contains", "In"], ["equals", "Like", ""], "Operator"),
    ("Search", "SearchExpression.Filters.0.Value", ["v" * 1024], ["", "v" * 1025], "Value"),
    ("Search", "SearchExpression.SubExpressions", [times(20, lambda number: {"Filters": filters(1)})],
     [[], times(21, lambda number: {"Filters": filters(1)})], "SubExpressions"),
    ("Search", "SearchExpression.NestedFilters", [], [[], times(21, lambda number: {"NestedPropertyName": "x", "Filters": filters(1)})],
     "NestedFilters"),
    ("Search", "SearchExpression.Operator", ["And", "Or"], ["and", "Not"], "Operator"),
    ("Search", "MaxResults", [1, 100], [0, 101], "MaxResults"),
    ("Search", "SortOrder", ["Ascending", "Descending"], ["Up"], "SortOrder"),
    ("Search", "NextToken", [], ["x" * 8193, "x"], "NextToken"),
    ("Search", "CrossAccountFilterOption", ["SameAccount"], ["Other"], "CrossAccountFilterOption"),
]
TABLE += [(operation, prefix + path, [], [value], "TtlDuration" if path == "TtlDuration" and isinstance(value, (str, list)) else
           path.partition(".")[2] or ("Unit" if "Unit" not in value else "Value"))
          for operation, prefix in (("PutRecord", ""), ("BatchWriteRecord", ""), ("BatchWriteRecord", "Entries.0."),
                                    ("CreateFeatureGroup", "OnlineStoreConfig."))
          for path, value in BAD_TTLS]


def cases():
    for number, (operation, path, inside, outside, word) in enumerate(TABLE):
        for verdict, values_ in (("in", inside), ("out", outside)):
            for index, value in enumerate(values_):
                yield pytest.param(operation, path, value, verdict, word, id=f"{number}-{operation}-{path}-{verdict}{index}")


def with_value(operation, path, value, names):
    members = base(operation, names)
    if path.endswith(("TtlDuration.Value", "TtlDuration.Unit")):
        members = changed(members, path.rpartition(".")[0], {"Unit": "Days", "Value": 1})
    if operation == "CreateFeatureGroup" and path == "FeatureDefinitions" and isinstance(value, list) and len(value) > 1:
        members["RecordIdentifierFeatureName"], members["EventTimeFeatureName"] = "id", "at"
    if operation == "DeleteRecord" and path == "DeletionMode":
        members["EventTime"] = "9000-01-01T00:00:00Z"
    return changed(members, path, value)


def state(raw, names):
    """What a refused request must leave as it was."""
    answers = [raw.control("DescribeFeatureGroup", {"FeatureGroupName": names["described"]}),
               raw.control("ListTags", {"ResourceArn": ARN + names["described"]}),
               raw.control("DescribeFeatureMetadata", {"FeatureGroupName": names["described"], "FeatureName": "note"}),
               raw.get(names["text"], "1"), call(raw, "ListRecords", {"FeatureGroupName": names["text"], "MaxResults": 100})]
    for status, answer in answers[:3]:
        assert status == 200, answer
    answers[4][2].pop("NextToken", None)
    return answers


def in_batch(operation, answer):
    """The failure of a batch of one: its entry's."""
    if operation in ("BatchWriteRecord", "BatchGetRecord") and answer.get("Errors"):
        return answer["Errors"][0]["ErrorCode"], answer["Errors"][0]["ErrorMessage"]
    return None, None


@pytest.mark.parametrize(("operation", "path", "value", "verdict", "word"), cases())
def test_constraint(raw, names, operation, path, value, verdict, word):
    members = with_value(operation, path, value, names)
    if verdict == "in":
        if operation == "UpdateRecord":
            assert raw.put(names["updatable"], {"id": "1", "at": T1})[0] == 200
        status, kind, answer = call(raw, operation, members)
        assert status == 200, (kind, answer)
        assert in_batch(operation, answer) == (None, None), answer
        if operation == "CreateFeatureGroup":
            raw.control("DeleteFeatureGroup", {"FeatureGroupName": members["FeatureGroupName"]})
        if operation == "AddTags":
            raw.control("DeleteTags", {"ResourceArn": members["ResourceArn"], "TagKeys": [tag["Key"] for tag in members["Tags"]]})
        return
    before = state(raw, names)
    status, kind, answer = call(raw, operation, members)
    code, text = in_batch(operation, answer)
    if code is None:
        assert status == 400, (status, kind, answer)
        code, text = kind, answer.get("Message") or answer.get("message")
    wanted = ("ValidationError", "ValidationException", "SerializationException") if operation in RUNTIME else (
        "ValidationException", "SerializationException")
    assert code in wanted, (code, text)
    assert text and (word is None or word.lower() in text.lower()), text
    assert state(raw, names) == before
    if operation == "CreateFeatureGroup" and isinstance(members.get("FeatureGroupName"), str):
        assert raw.control("DescribeFeatureGroup", {"FeatureGroupName": members["FeatureGroupName"]})[0] == 400


# --- what does not fit the table ---

def test_names_and_arns_of_the_longest_kind(raw):
    """150 bytes on the runtime, 256 on the control plane; a longer ARN is malformed, a shorter one of elsewhere is forbidden."""
    def arn(length):
        text = "arn:aws:sagemaker:{}:000000000000:feature-group/g"
        return text.format("r" * (length - len(text) + 2))

    for length, kind in ((150, "AccessForbidden"), (151, "ValidationError")):
        assert call(raw, "GetRecord", {"FeatureGroupName": arn(length), "RecordIdentifierValueAsString": "1"})[1] == kind
    for length, kind in ((256, "AccessDeniedException"), (257, "ValidationException")):
        assert call(raw, "DescribeFeatureGroup", {"FeatureGroupName": arn(length)})[1] == kind


def test_batches_of_the_largest_size(raw, names):
    one = {"FeatureGroupName": names["online"], "Record": row()}
    assert call(raw, "BatchWriteRecord", {"Entries": [one] * 25})[0] == 200
    status, kind, answer = call(raw, "BatchWriteRecord", {"Entries": [one] * 26})
    assert (status, kind) == (400, "ValidationError") and "entries" in answer["Message"].lower()
    one = {"FeatureGroupName": names["online"], "RecordIdentifiersValueAsString": ["1"]}
    assert call(raw, "BatchGetRecord", {"Identifiers": [one] * 100})[0] == 200
    for identifiers in ([one] * 101, [{**one, "RecordIdentifiersValueAsString": times(51, str)},
                                      {**one, "RecordIdentifiersValueAsString": times(50, str)}]):
        status, kind, answer = call(raw, "BatchGetRecord", {"Identifiers": identifiers})
        assert (status, kind) == (400, "ValidationError") and "identifiers" in answer["Message"].lower()


def test_a_batch_of_the_largest_records(raw, names):
    """25 records of 350 KB each, every character escaped: legal, so it must fit."""
    import json
    text = "\\u00e9" * 179_200
    entries = ",".join(
        '{"FeatureGroupName":%s,"Record":[{"FeatureName":"id","ValueAsString":"big%d"},{"FeatureName":"at","ValueAsString":"%s"},'
        '{"FeatureName":"note","ValueAsString":"%s"}]}' % (json.dumps(names["online"]), number, T1, text) for number in range(25))
    status, _, body = raw.request("POST", "/BatchWriteRecord", ('{"Entries":[' + entries + "]}").encode(), {"content-type": "application/json"})
    assert status == 200 and json.loads(body) == {"Errors": [], "UnprocessedEntries": []}
    assert raw.get(names["online"], "big24")["note"] == "é" * 179_200


def test_fractional_event_times(raw, names):
    for text in ("0", "-1.5", "1782914587.421", "1.782914587e9", "253402300799.999999999", "-62167219200"):
        assert raw.put(names["number"], {"id": "1", "at": text})[0] == 200, text
    for text in ("253402300800", "-62167219201", "NaN", "", "2026-07-01T00:00:00Z", "1e300"):
        status, kind, body = raw.put(names["number"], {"id": "1", "at": text})
        assert (status, kind) == (400, "ValidationError") and b"at" in body, text


def test_update_record_of_key_members(raw, names):
    assert raw.put(names["updatable"], {"id": "1", "at": T1})[0] == 200
    update = {"FeatureGroupName": names["updatable"], "RecordIdentifierValueAsString": "1"}
    for features, word in ((record({"id": "2"}), "id"), (record({"unknown": "x"}), "unknown"), (record({"u1": "x"}), "u1"),
                           (record({"at": "soon"}), "at"), (record({"note": "a"}) * 2, "note")):
        status, kind, answer = call(raw, "UpdateRecord", {**update, "Features": features})
        assert (status, kind) == (400, "ValidationError") and word in answer["Message"], answer
    assert raw.get(names["updatable"], "1")["id"] == "1"


def test_refused_writes_leave_no_history(raw, names, make_group):
    group = make_group(features=FEATURES)
    for bad in ({"id": "1"}, {"at": T1}, {"id": "1", "at": "x"}, {"id": "1", "at": T1, "count": "x"}, {"id": "1", "at": T1, "none": "x"}):
        assert raw.put(group.name, bad)[0] == 400
    assert raw.sql(f'SELECT count(*) AS n FROM "{group.name}"')[0]["n"] in (0, "0")
    assert call(raw, "ListRecords", {"FeatureGroupName": group.name})[2]["RecordIdentifiers"] == []


def test_iceberg_is_refused_by_name(raw):
    members = definition("iceberg-group", offline={"TableFormat": "Iceberg"})
    status, kind, answer = call(raw, "CreateFeatureGroup", members)
    assert (status, kind) == (400, "ValidationException") and "iceberg" in answer["Message"].lower()


def test_collections_are_refused_by_name(raw):
    members = definition("collection-group")
    members["FeatureDefinitions"].append({"FeatureName": "list", "FeatureType": "String", "CollectionType": "List"})
    status, kind, answer = call(raw, "CreateFeatureGroup", members)
    assert (status, kind) == (400, "ValidationException") and "collection" in answer["Message"].lower()
