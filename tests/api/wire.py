"""Operations as requests on the wire, for what no client library would send."""
import json

from tests.support.signed import quote

RUNTIME = {
    "PutRecord": ("PUT", "/FeatureGroup/{}", ()),
    "GetRecord": ("GET", "/FeatureGroup/{}", ("RecordIdentifierValueAsString", "FeatureNames", "ExpirationTimeResponse")),
    "DeleteRecord": ("DELETE", "/FeatureGroup/{}", ("RecordIdentifierValueAsString", "EventTime", "TargetStores", "DeletionMode")),
    "UpdateRecord": ("POST", "/FeatureGroup/{}/Record", ()),
    "ListRecords": ("POST", "/FeatureGroup/{}/ListRecords", ()),
    "BatchGetRecord": ("POST", "/BatchGetRecord", ()),
    "BatchWriteRecord": ("POST", "/BatchWriteRecord", ()),
}


def call(raw, operation, members):
    """(status, error type or None, answer)."""
    if operation not in RUNTIME:
        status, answer = raw.control(operation, members)
        return status, answer.get("__type"), answer
    method, target, in_query = RUNTIME[operation]
    members = dict(members)
    if "{}" in target:
        target = target.format(quote(members.pop("FeatureGroupName")))
    parameters = []
    for name in in_query:
        value = members.pop(name, None)
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            parameters.append(f"{'FeatureName' if name == 'FeatureNames' else name}={quote(one)}")
    if parameters:
        target += "?" + "&".join(parameters)
    body = b"" if in_query else json.dumps(members).encode()
    status, kind, text = raw.request(method, target, body, {"content-type": "application/json"} if body else None)
    return status, kind, json.loads(text) if text else {}
