"""What the service has learned since Debian's botocore: members and operations, in words of our own, laid over its models."""
import copy
import json
import pathlib

import botocore.session

TTL = {"type": "structure", "members": {"Unit": {"shape": "TtlUnit"}, "Value": {"shape": "TtlValue"}}}
TTL_SHAPES = {"TtlDuration": TTL, "TtlUnit": {"type": "string"}, "TtlValue": {"type": "integer", "box": True}}

RUNTIME_SHAPES = {
    **TTL_SHAPES,
    "Switch": {"type": "string"},
    "Token": {"type": "string"},
    "Count": {"type": "integer", "box": True},
    "Flag": {"type": "boolean", "box": True},
    "NameOrArn": {"type": "string"},
    "ConflictException": {"type": "structure", "members": {"Message": {"shape": "Message"}}, "error": {"httpStatusCode": 409},
                          "exception": True},
    "BatchWriteRecordEntry": {"type": "structure", "required": ["FeatureGroupName", "Record"], "members": {
        "FeatureGroupName": {"shape": "NameOrArn"}, "Record": {"shape": "Record"}, "TargetStores": {"shape": "TargetStores"},
        "TtlDuration": {"shape": "TtlDuration"}}},
    "BatchWriteRecordEntries": {"type": "list", "member": {"shape": "BatchWriteRecordEntry"}},
    "BatchWriteRecordRequest": {"type": "structure", "required": ["Entries"], "members": {
        "Entries": {"shape": "BatchWriteRecordEntries"}, "TtlDuration": {"shape": "TtlDuration"}}},
    "BatchWriteRecordError": {"type": "structure", "members": {
        "Entry": {"shape": "BatchWriteRecordEntry"}, "ErrorCode": {"shape": "Token"}, "ErrorMessage": {"shape": "Token"}}},
    "BatchWriteRecordErrors": {"type": "list", "member": {"shape": "BatchWriteRecordError"}},
    "BatchWriteRecordResponse": {"type": "structure", "members": {
        "Errors": {"shape": "BatchWriteRecordErrors"}, "UnprocessedEntries": {"shape": "BatchWriteRecordEntries"}}},
    "ListRecordsRequest": {"type": "structure", "required": ["FeatureGroupName"], "members": {
        "FeatureGroupName": {"shape": "NameOrArn", "location": "uri", "locationName": "FeatureGroupName"},
        "MaxResults": {"shape": "Count"}, "NextToken": {"shape": "Token"}, "IncludeSoftDeletedRecords": {"shape": "Flag"}}},
    "RecordIdentifierList": {"type": "list", "member": {"shape": "ValueAsString"}},
    "ListRecordsResponse": {"type": "structure", "members": {
        "RecordIdentifiers": {"shape": "RecordIdentifierList"}, "NextToken": {"shape": "Token"}}},
    "UpdateRecordRequest": {"type": "structure", "required": ["FeatureGroupName", "RecordIdentifierValueAsString", "Features"], "members": {
        "FeatureGroupName": {"shape": "NameOrArn", "location": "uri", "locationName": "FeatureGroupName"},
        "RecordIdentifierValueAsString": {"shape": "ValueAsString"}, "Features": {"shape": "Record"},
        "TargetStores": {"shape": "TargetStores"}, "TtlDuration": {"shape": "TtlDuration"}}},
}
COMMON_ERRORS = [{"shape": "ValidationError"}, {"shape": "InternalFailure"}, {"shape": "ServiceUnavailable"}, {"shape": "AccessForbidden"}]
RUNTIME_OPERATIONS = {
    "BatchWriteRecord": {"name": "BatchWriteRecord", "http": {"method": "POST", "requestUri": "/BatchWriteRecord"},
                         "input": {"shape": "BatchWriteRecordRequest"}, "output": {"shape": "BatchWriteRecordResponse"},
                         "errors": [*COMMON_ERRORS, {"shape": "ResourceNotFound"}]},
    "ListRecords": {"name": "ListRecords", "http": {"method": "POST", "requestUri": "/FeatureGroup/{FeatureGroupName}/ListRecords"},
                    "input": {"shape": "ListRecordsRequest"}, "output": {"shape": "ListRecordsResponse"},
                    "errors": [*COMMON_ERRORS, {"shape": "ResourceNotFound"}]},
    "UpdateRecord": {"name": "UpdateRecord", "http": {"method": "POST", "requestUri": "/FeatureGroup/{FeatureGroupName}/Record"},
                     "input": {"shape": "UpdateRecordRequest"},
                     "errors": [*COMMON_ERRORS, {"shape": "ResourceNotFound"}, {"shape": "ConflictException"}]},
}

CONTROL_SHAPES = {
    **TTL_SHAPES,
    "OnlineStorageType": {"type": "string"},
    "ThroughputKind": {"type": "string"},
    "CapacityUnits": {"type": "integer", "box": True},
    "ThroughputSettings": {"type": "structure", "members": {
        "ThroughputMode": {"shape": "ThroughputKind"}, "ProvisionedReadCapacityUnits": {"shape": "CapacityUnits"},
        "ProvisionedWriteCapacityUnits": {"shape": "CapacityUnits"}}},
    "OnlineStoreChange": {"type": "structure", "members": {"TtlDuration": {"shape": "TtlDuration"},
                                                           "StorageType": {"shape": "OnlineStorageType"}}},
    "CollectionKind": {"type": "string"},
    "VectorSettings": {"type": "structure", "members": {"Dimension": {"shape": "CapacityUnits"}}},
    "CollectionSettings": {"type": "structure", "members": {"VectorConfig": {"shape": "VectorSettings"}}},
}


def runtime(model):
    model = copy.deepcopy(model)
    shapes = model["shapes"]
    shapes.update(RUNTIME_SHAPES)
    model["operations"].update(RUNTIME_OPERATIONS)
    shapes["FeatureGroupName"] = {"type": "string"}
    shapes["BatchGetRecordIdentifiers"]["max"] = 100
    shapes["PutRecordRequest"]["members"]["TtlDuration"] = {"shape": "TtlDuration"}
    shapes["DeleteRecordRequest"]["members"]["DeletionMode"] = {"shape": "Switch", "location": "querystring",
                                                                "locationName": "DeletionMode"}
    shapes["GetRecordRequest"]["members"]["ExpirationTimeResponse"] = {"shape": "Switch", "location": "querystring",
                                                                       "locationName": "ExpirationTimeResponse"}
    shapes["GetRecordResponse"]["members"]["ExpiresAt"] = {"shape": "Token"}
    shapes["BatchGetRecordRequest"]["members"]["ExpirationTimeResponse"] = {"shape": "Switch"}
    shapes["BatchGetRecordResultDetail"]["members"]["ExpiresAt"] = {"shape": "Token"}
    return model


def control(model):
    model = copy.deepcopy(model)
    shapes = model["shapes"]
    shapes.update(CONTROL_SHAPES)
    shapes["OnlineStoreConfig"]["members"].update(TtlDuration={"shape": "TtlDuration"}, StorageType={"shape": "OnlineStorageType"})
    shapes["CreateFeatureGroupRequest"]["members"]["ThroughputConfig"] = {"shape": "ThroughputSettings"}
    shapes["DescribeFeatureGroupResponse"]["members"]["ThroughputConfig"] = {"shape": "ThroughputSettings"}
    shapes["UpdateFeatureGroupRequest"]["members"].update(OnlineStoreConfig={"shape": "OnlineStoreChange"},
                                                          ThroughputConfig={"shape": "ThroughputSettings"})
    shapes["FeatureDefinition"]["members"].update(CollectionType={"shape": "CollectionKind"},
                                                  CollectionConfig={"shape": "CollectionSettings"})
    return model


def newer_session(folder):
    """A session whose loader finds the enlarged models first."""
    plain = botocore.session.get_session().get_component("data_loader")
    for service, enlarge in (("sagemaker-featurestore-runtime", runtime), ("sagemaker", control)):
        version = plain.determine_latest_version(service, "service-2")
        target = pathlib.Path(folder) / service / version / "service-2.json"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(enlarge(plain.load_service_model(service, "service-2"))))
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.insert(0, str(folder))
    return session
