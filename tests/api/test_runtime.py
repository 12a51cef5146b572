"""The seven operations of the runtime through boto3: what comes back, and the rules of two stores (contract 1.4, 2.1 to 2.4)."""
import json
import time

import pytest

from tests.api.conftest import record, refused, values

T1, T2, T3 = "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "2026-07-01T12:00:00Z"


def put(runtime, group, identifier, at, **more):
    members = {name: more.pop(name) for name in ("TargetStores", "TtlDuration") if name in more}
    return runtime.put_record(FeatureGroupName=group.name, Record=record({"id": identifier, "at": at, **more}), **members)


def get(runtime, group, identifier, **members):
    return values(runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, **members))


def history(raw, group, columns='id, "at", note, is_deleted'):
    return raw.sql(f'SELECT {columns} FROM "{group.name}" ORDER BY api_invocation_time')


# --- PutRecord and GetRecord ---

def test_put_answers_with_an_empty_body(raw, make_group):
    group = make_group()
    status, kind, body = raw.put(group.name, {"id": "1", "at": T1})
    assert (status, kind, body) == (200, None, b"")


def test_unmodified_boto3_puts_and_gets(plain_runtime, make_group):
    group = make_group()
    sent = {"id": "1", "at": T1, "count": "7", "ratio": "0.50", "note": "as sent"}
    plain_runtime.put_record(FeatureGroupName=group.name, Record=record(sent))
    answer = plain_runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1")
    assert values(answer) == sent
    assert [one["FeatureName"] for one in answer["Record"]] == list(sent)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert "ExpiresAt" not in answer


def test_text_comes_back_as_sent(runtime, make_group):
    group = make_group()
    for note, count, ratio in (("", "-0", "0.0"), (" blank ", "+5", "1e-3"), ("\u0000\u0001\n\t\"\\/", "007", "-0.0"),
                               ("ünï©ode \U0001f600 \u202e", "9223372036854775807", "1.7976931348623157e308"),
                               ("é" * 1000, "-9223372036854775808", "5e-324")):
        put(runtime, group, "1", T1, note=note, count=count, ratio=ratio)
        assert get(runtime, group, "1") == {"id": "1", "at": T1, "count": count, "ratio": ratio, "note": note}


def test_a_put_overwrites_the_whole_record(runtime, make_group):
    group = make_group()
    put(runtime, group, "1", T1, note="first", count="1")
    put(runtime, group, "1", T2, ratio="2.5")
    assert get(runtime, group, "1") == {"id": "1", "at": T2, "ratio": "2.5"}


def test_feature_names_choose_features(plain_runtime, runtime, make_group):
    group = make_group()
    put(runtime, group, "1", T1, note="n", count="1")
    assert get(plain_runtime, group, "1", FeatureNames=["note", "id"]) == {"note": "n", "id": "1"}
    assert get(plain_runtime, group, "1", FeatureNames=["ratio"]) in (None, {})
    refused(lambda: get(plain_runtime, group, "1", FeatureNames=["note", "nothing"]), "ValidationError", "nothing", status=400)


@pytest.mark.parametrize("identifier", ["1", "a b+c/é&=~%?#", "ключ", "\U0001f600", "日本語" * 100, "..", "%2e%2e", "a/../b", "'\"\\",
                                        "x" * 2048])
def test_identifiers_of_any_text(plain_runtime, make_group, identifier):
    group = make_group()
    plain_runtime.put_record(FeatureGroupName=group.name, Record=record({"id": identifier, "at": T1}))
    assert get(plain_runtime, group, identifier) == {"id": identifier, "at": T1}
    plain_runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, EventTime=T2)
    assert get(plain_runtime, group, identifier) is None


def test_a_miss_is_no_error(plain_runtime, make_group):
    group = make_group()
    answer = plain_runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="nobody")
    assert "Record" not in answer and answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_groups_go_by_name_or_arn(runtime, make_group):
    group = make_group()
    runtime.put_record(FeatureGroupName=group.arn, Record=record({"id": "1", "at": T1}))
    for name in (group.name, group.arn):
        answer = runtime.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="1")
        assert values(answer) == {"id": "1", "at": T1}
        assert runtime.list_records(FeatureGroupName=name)["RecordIdentifiers"] == ["1"]
    runtime.delete_record(FeatureGroupName=group.arn, RecordIdentifierValueAsString="1", EventTime=T2)
    assert get(runtime, group, "1") is None


@pytest.mark.parametrize("arn", ["arn:aws:sagemaker:us-east-1:111111111111:feature-group/{}",
                                 "arn:aws:sagemaker:eu-west-1:000000000000:feature-group/{}"])
def test_arns_of_others_are_refused(runtime, make_group, arn):
    group = make_group()
    other = arn.format(group.name)
    calls = [lambda: runtime.put_record(FeatureGroupName=other, Record=record({"id": "1", "at": T1})),
             lambda: runtime.get_record(FeatureGroupName=other, RecordIdentifierValueAsString="1"),
             lambda: runtime.delete_record(FeatureGroupName=other, RecordIdentifierValueAsString="1", EventTime=T1),
             lambda: runtime.list_records(FeatureGroupName=other)]
    for call in calls:
        error = refused(call, "AccessForbidden", "not authorized", status=403)
        assert group.name in error["Message"]


def test_unknown_groups(plain_runtime, runtime):
    text = "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name nothing-here"
    name = {"FeatureGroupName": "nothing-here"}
    one = record({"id": "1", "at": T1})
    refused(lambda: plain_runtime.put_record(**name, Record=one), "ValidationError", text, status=400)
    refused(lambda: plain_runtime.delete_record(**name, RecordIdentifierValueAsString="1", EventTime=T1), "ValidationError", text, status=400)
    refused(lambda: plain_runtime.get_record(**name, RecordIdentifierValueAsString="1"), "ResourceNotFound", text, status=404)
    refused(lambda: runtime.list_records(**name), "ResourceNotFound", text, status=404)
    refused(lambda: runtime.update_record(**name, RecordIdentifierValueAsString="1", Features=one), "ResourceNotFound", text, status=404)
    refused(lambda: runtime.batch_write_record(Entries=[{**name, "Record": one}]), "ResourceNotFound", text, status=404)
    answer = plain_runtime.batch_get_record(Identifiers=[{**name, "RecordIdentifiersValueAsString": ["1", "2"]}])
    assert [(one["FeatureGroupName"], one["RecordIdentifierValueAsString"]) for one in answer["Errors"]] == [
        ("nothing-here", "1"), ("nothing-here", "2")]
    assert all(one["ErrorMessage"] == text and one["ErrorCode"] == "ResourceNotFound" for one in answer["Errors"])
    assert answer["Records"] == [] and answer["UnprocessedIdentifiers"] == []


# --- which stores a write reaches (contract 2.2) ---

def test_newer_equal_and_older_event_times(runtime, raw, make_group):
    group = make_group()
    put(runtime, group, "1", T2, note="first")
    put(runtime, group, "1", T3, note="newer")
    assert get(runtime, group, "1")["note"] == "newer"
    put(runtime, group, "1", T3, note="equal")
    assert get(runtime, group, "1")["note"] == "equal"
    put(runtime, group, "1", T1, note="older")
    assert get(runtime, group, "1")["note"] == "equal"
    assert [row["note"] for row in history(raw, group)] == ["first", "newer", "equal", "older"]


def test_event_times_are_compared_as_instants(runtime, make_group):
    group = make_group()
    put(runtime, group, "1", "2026-07-01T14:03:07.421Z", note="with milliseconds")
    put(runtime, group, "1", "2026-07-01T14:03:07Z", note="text sorts behind, instant before")
    assert get(runtime, group, "1")["note"] == "with milliseconds"
    put(runtime, group, "1", "2026-07-01T14:03:07.421000000Z", note="equal")
    assert get(runtime, group, "1") == {"id": "1", "at": "2026-07-01T14:03:07.421000000Z", "note": "equal"}
    put(runtime, group, "1", "2026-07-01T14:03:07.421000001Z", note="a nanosecond later")
    put(runtime, group, "1", "2026-07-01T14:03:07.421Z", note="too old by a nanosecond")
    assert get(runtime, group, "1")["note"] == "a nanosecond later"


def test_fractional_event_times(runtime, raw, make_group):
    group = make_group(features={"id": "String", "at": "Fractional", "note": "String"})
    put(runtime, group, "1", "1782914587.421", note="first")
    put(runtime, group, "1", "1782914587.4210000001", note="below a nanosecond: equal")
    assert get(runtime, group, "1") == {"id": "1", "at": "1782914587.4210000001", "note": "below a nanosecond: equal"}
    put(runtime, group, "1", "1782914587.421000001", note="a nanosecond later, which no double holds")
    put(runtime, group, "1", "1.782914587421e9", note="older")
    assert get(runtime, group, "1")["note"].startswith("a nanosecond later")
    assert len(history(raw, group)) == 4


def test_target_stores(runtime, raw, make_group):
    group = make_group()
    put(runtime, group, "online", T1, note="o", TargetStores=["OnlineStore"])
    put(runtime, group, "offline", T1, note="f", TargetStores=["OfflineStore"])
    put(runtime, group, "both", T1, note="b", TargetStores=["OfflineStore", "OnlineStore"])
    assert get(runtime, group, "online") and get(runtime, group, "both") and get(runtime, group, "offline") is None
    assert sorted(row["id"] for row in history(raw, group)) == ["both", "offline"]


def test_stores_that_a_group_lacks(runtime, raw, make_group):
    online = make_group(offline=False)
    offline = make_group(online=False)
    put(runtime, online, "1", T1, note="x")
    put(runtime, offline, "1", T1, note="x")
    assert get(runtime, online, "1")
    assert len(history(raw, offline)) == 1
    refused(lambda: put(runtime, online, "1", T1, TargetStores=["OfflineStore"]), "ValidationError", "OfflineStore")
    refused(lambda: put(runtime, offline, "1", T1, TargetStores=["OnlineStore"]), "ValidationError", "OnlineStore")
    refused(lambda: get(runtime, offline, "1"), "ValidationError", "OnlineStore")


def test_soft_delete(runtime, raw, make_group):
    group = make_group()
    put(runtime, group, "1", T2, note="n")
    delete = {"FeatureGroupName": group.name, "RecordIdentifierValueAsString": "1"}
    runtime.delete_record(**delete, EventTime=T1)
    assert get(runtime, group, "1")["note"] == "n"
    runtime.delete_record(**delete, EventTime=T2)
    assert get(runtime, group, "1")["note"] == "n"
    runtime.delete_record(**delete, EventTime=T3)
    assert get(runtime, group, "1") is None
    put(runtime, group, "1", T2, note="older than the tombstone")
    assert get(runtime, group, "1") is None
    put(runtime, group, "1", T3, note="as new as the tombstone")
    assert get(runtime, group, "1")["note"] == "as new as the tombstone"
    rows = history(raw, group)
    assert [(row["at"], row["is_deleted"], row["note"]) for row in rows] == [
        (T2, False, "n"), (T1, True, None), (T2, True, None), (T3, True, None), (T2, False, "older than the tombstone"),
        (T3, False, "as new as the tombstone")]


def test_soft_delete_of_an_unknown_record_leaves_a_tombstone(runtime, make_group):
    group = make_group()
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1", EventTime=T2)
    put(runtime, group, "1", T1, note="older")
    assert get(runtime, group, "1") is None


def test_hard_delete(runtime, raw, make_group):
    group = make_group()
    put(runtime, group, "1", T2, note="n")
    hard = {"FeatureGroupName": group.name, "RecordIdentifierValueAsString": "1", "DeletionMode": "HardDelete"}
    for stale in (T1, T2):
        refused(lambda: runtime.delete_record(**hard, EventTime=stale), "ValidationException", status=400)
    assert get(runtime, group, "1")["note"] == "n"
    assert len(history(raw, group)) == 1
    runtime.delete_record(**hard, EventTime=T3)
    assert get(runtime, group, "1") is None
    put(runtime, group, "1", T1, note="the delete is forgotten")
    assert get(runtime, group, "1")["note"] == "the delete is forgotten"
    assert [(row["at"], row["is_deleted"]) for row in history(raw, group)] == [(T2, False), (T3, True), (T1, False)]


def test_deletes_go_to_the_stores_that_are_named(runtime, raw, make_group):
    group = make_group()
    for identifier in ("1", "2"):
        put(runtime, group, identifier, T1)
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="1", EventTime=T2, TargetStores=["OnlineStore"])
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="2", EventTime=T2, TargetStores=["OfflineStore"])
    assert get(runtime, group, "1") is None and get(runtime, group, "2")
    assert [row["id"] for row in history(raw, group) if row["is_deleted"]] == ["2"]


# --- TTL ---

def now_text(offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


def test_ttl_of_group_and_record(runtime, make_group):
    group = make_group(online={"TtlDuration": {"Unit": "Hours", "Value": 1}})
    at = now_text()
    put(runtime, group, "group", at)
    put(runtime, group, "own", at, TtlDuration={"Unit": "Days", "Value": 2})

    def expires(identifier, **members):
        return runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, **members).get("ExpiresAt")

    assert expires("group") is None
    assert expires("group", ExpirationTimeResponse="Disabled") is None
    parse = "%Y-%m-%dT%H:%M:%SZ"
    base = time.mktime(time.strptime(at, parse))
    for identifier, seconds in (("group", 3600), ("own", 2 * 86400)):
        text = expires(identifier, ExpirationTimeResponse="Enabled")
        assert time.mktime(time.strptime(text, parse)) == base + seconds
    answer = runtime.batch_get_record(Identifiers=[{"FeatureGroupName": group.name, "RecordIdentifiersValueAsString": ["group"]}],
                                      ExpirationTimeResponse="Enabled")
    assert answer["Records"][0]["ExpiresAt"] == expires("group", ExpirationTimeResponse="Enabled")


def test_an_expired_record_is_unreadable_and_blocks_older_times(runtime, raw, make_group):
    group = make_group()
    put(runtime, group, "1", now_text(-100), note="gone", TtlDuration={"Unit": "Seconds", "Value": 50})
    assert get(runtime, group, "1") is None
    assert runtime.list_records(FeatureGroupName=group.name)["RecordIdentifiers"] == []
    put(runtime, group, "1", now_text(-200), note="older")
    assert get(runtime, group, "1") is None
    put(runtime, group, "1", now_text(-10), note="newer")
    assert get(runtime, group, "1")["note"] == "newer"
    assert [row["note"] for row in history(raw, group)] == ["gone", "older", "newer"]


def test_a_record_expires_at_its_moment(runtime, make_group):
    group = make_group()
    put(runtime, group, "1", now_text(), TtlDuration={"Unit": "Seconds", "Value": 2})
    assert get(runtime, group, "1")
    time.sleep(2.2)
    assert get(runtime, group, "1") is None


# --- BatchGetRecord ---

def test_all_three_lists_come_back(plain_runtime, runtime, make_group):
    first, second = make_group(), make_group()
    put(runtime, first, "1", T1, note="one")
    put(runtime, second, "2", T1, note="two")
    answer = plain_runtime.batch_get_record(Identifiers=[
        {"FeatureGroupName": first.name, "RecordIdentifiersValueAsString": ["1", "missing"], "FeatureNames": ["note"]},
        {"FeatureGroupName": second.name, "RecordIdentifiersValueAsString": ["2"]},
        {"FeatureGroupName": "nothing-here", "RecordIdentifiersValueAsString": ["3"]}])
    found = {(one["FeatureGroupName"], one["RecordIdentifierValueAsString"]): values(one) for one in answer["Records"]}
    assert found == {(first.name, "1"): {"note": "one"}, (second.name, "2"): {"id": "2", "at": T1, "note": "two"}}
    assert [(one["FeatureGroupName"], one["RecordIdentifierValueAsString"], one["ErrorCode"]) for one in answer["Errors"]] == [
        ("nothing-here", "3", "ResourceNotFound")]
    assert answer["UnprocessedIdentifiers"] == []


def test_empty_lists_are_present(raw, make_group):
    group = make_group()
    status, _, body = raw.request("POST", "/BatchGetRecord", json.dumps({"Identifiers": [
        {"FeatureGroupName": group.name, "RecordIdentifiersValueAsString": ["1"]}]}).encode(), {"content-type": "application/json"})
    assert status == 200 and json.loads(body) == {"Records": [], "Errors": [], "UnprocessedIdentifiers": []}


def test_a_batch_of_a_hundred_by_arn(runtime, make_group):
    group = make_group()
    for start in range(0, 100, 25):
        answer = runtime.batch_write_record(Entries=[
            {"FeatureGroupName": group.arn, "Record": record({"id": str(number), "at": T1, "count": str(number)})}
            for number in range(start, start + 25)])
        assert answer["Errors"] == [] and answer["UnprocessedEntries"] == []
    answer = runtime.batch_get_record(Identifiers=[{"FeatureGroupName": group.arn,
                                                    "RecordIdentifiersValueAsString": [str(number) for number in range(100)]}])
    assert {one["RecordIdentifierValueAsString"]: values(one)["count"] for one in answer["Records"]} == {
        str(number): str(number) for number in range(100)}
    assert {one["FeatureGroupName"] for one in answer["Records"]} == {group.arn}


# --- BatchWriteRecord ---

def test_failed_entries_are_echoed_as_sent(runtime, raw, make_group):
    group, other = make_group(), make_group(offline=False)
    good = {"FeatureGroupName": group.name, "Record": record({"id": "1", "at": T1, "note": "good"})}
    bad = [
        {"FeatureGroupName": group.name, "Record": record({"at": T1, "note": "no identifier \u00e9\u0001"})},
        {"FeatureGroupName": group.arn, "Record": record({"id": "2", "at": "yesterday"}), "TargetStores": ["OnlineStore"]},
        {"FeatureGroupName": group.name, "Record": record({"id": "3", "at": T1, "count": "many"}),
         "TtlDuration": {"Unit": "Days", "Value": 3}},
        {"FeatureGroupName": other.name, "Record": record({"id": "4", "at": T1}), "TargetStores": ["OfflineStore"]},
    ]
    answer = runtime.batch_write_record(Entries=[bad[0], good, *bad[1:]])
    assert [one["Entry"] for one in answer["Errors"]] == bad
    assert {one["ErrorCode"] for one in answer["Errors"]} == {"ValidationError"}
    for one, word in zip(answer["Errors"], ("id", "at", "count", "OfflineStore")):
        assert word in one["ErrorMessage"]
    assert answer["UnprocessedEntries"] == []
    assert get(runtime, group, "1")["note"] == "good"
    assert [row["id"] for row in history(raw, group)] == ["1"]


def test_ttl_of_entry_over_request_over_group(runtime, make_group):
    group = make_group(online={"TtlDuration": {"Unit": "Weeks", "Value": 1}})
    at = now_text()
    base = time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))
    entry = {"FeatureGroupName": group.name}
    runtime.batch_write_record(Entries=[{**entry, "Record": record({"id": "group", "at": at})}])
    runtime.batch_write_record(TtlDuration={"Unit": "Minutes", "Value": 5}, Entries=[
        {**entry, "Record": record({"id": "request", "at": at})},
        {**entry, "Record": record({"id": "entry", "at": at}), "TtlDuration": {"Unit": "Hours", "Value": 7}}])
    for identifier, seconds in (("group", 7 * 86400), ("request", 300), ("entry", 7 * 3600)):
        answer = runtime.get_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, ExpirationTimeResponse="Enabled")
        assert time.mktime(time.strptime(answer["ExpiresAt"], "%Y-%m-%dT%H:%M:%SZ")) == base + seconds


def test_entries_of_one_record_are_written_in_order(runtime, raw, make_group):
    group = make_group()
    runtime.batch_write_record(Entries=[{"FeatureGroupName": group.name, "Record": record({"id": "1", "at": T1, "note": str(number)})}
                                        for number in range(25)])
    assert get(runtime, group, "1")["note"] == "24"
    assert [row["note"] for row in history(raw, group)] == [str(number) for number in range(25)]


# --- ListRecords ---

def test_list_records_pages_through_all(runtime, make_group):
    group = make_group()
    wanted = {f"k{number}" for number in range(60)}
    for identifier in wanted:
        put(runtime, group, identifier, T1)
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="k7", EventTime=T2)
    runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="k8", EventTime=T2, DeletionMode="HardDelete")

    def pages(**members):
        found, token = [], {}
        while True:
            answer = runtime.list_records(FeatureGroupName=group.name, **members, **token)
            found.append(answer["RecordIdentifiers"])
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    default = pages()
    assert max(len(page) for page in default) == 10
    assert sorted(sum(default, [])) == sorted(wanted - {"k7", "k8"})
    assert sorted(sum(pages(MaxResults=7, IncludeSoftDeletedRecords=True), [])) == sorted(wanted - {"k8"})
    assert sorted(sum(pages(MaxResults=100), [])) == sorted(wanted - {"k7", "k8"})


def test_tokens_are_bound_and_checked(runtime, make_group):
    group, other = make_group(), make_group()
    for number in range(30):
        put(runtime, group, f"k{number}", T1)
    token = runtime.list_records(FeatureGroupName=group.name)["NextToken"]
    refused(lambda: runtime.list_records(FeatureGroupName=other.name, NextToken=token), "ValidationError", "NextToken")
    for bad in ("x", token[:-2], token[:-3] + "AAA", token + "A", "eyJsYXN0RXZhbHVhdGVkS2V5IjoiYWJjMTIzIn0="):
        refused(lambda: runtime.list_records(FeatureGroupName=group.name, NextToken=bad), "ValidationError", "NextToken")


# --- UpdateRecord ---

@pytest.fixture
def updatable(make_group):
    return make_group(online={"StorageType": "Standard_V2"})


def update(runtime, group, features, identifier="1", **members):
    return runtime.update_record(FeatureGroupName=group.name, RecordIdentifierValueAsString=identifier, Features=record(features), **members)


def test_update_changes_what_is_named(runtime, raw, updatable):
    put(runtime, updatable, "1", T2, note="n", count="1")
    update(runtime, updatable, {"count": "2", "ratio": "0.5"})
    assert get(runtime, updatable, "1") == {"id": "1", "at": T2, "note": "n", "count": "2", "ratio": "0.5"}
    update(runtime, updatable, {"note": "m", "at": T3})
    assert get(runtime, updatable, "1") == {"id": "1", "at": T3, "note": "m", "count": "2", "ratio": "0.5"}
    update(runtime, updatable, {"note": "equal", "at": T3})
    error = refused(lambda: update(runtime, updatable, {"note": "late", "at": T1}), "ConflictException", status=409)
    assert error["Message"]
    rows = history(raw, updatable, '"at", note, "count", ratio')
    assert [(row["at"], row["note"], int(row["count"]), row["ratio"]) for row in rows] == [
        (T2, "n", 1, None), (T2, "n", 2, 0.5), (T3, "m", 2, 0.5), (T3, "equal", 2, 0.5)]


def test_update_needs_a_record(runtime, updatable):
    refused(lambda: update(runtime, updatable, {"note": "n"}), "ResourceNotFound", status=404)
    put(runtime, updatable, "1", T1)
    runtime.delete_record(FeatureGroupName=updatable.name, RecordIdentifierValueAsString="1", EventTime=T2)
    refused(lambda: update(runtime, updatable, {"note": "n"}), "ResourceNotFound", status=404)


def test_update_is_for_standard_v2(runtime, make_group):
    group = make_group()
    put(runtime, group, "1", T1)
    refused(lambda: update(runtime, group, {"note": "n"}), "ValidationError", "Standard_V2", status=400)


def test_ttl_of_an_update(runtime, updatable):
    at = now_text()
    put(runtime, updatable, "1", at, TtlDuration={"Unit": "Hours", "Value": 1})
    base = time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))

    def expires():
        answer = runtime.get_record(FeatureGroupName=updatable.name, RecordIdentifierValueAsString="1", ExpirationTimeResponse="Enabled")
        return time.mktime(time.strptime(answer["ExpiresAt"], "%Y-%m-%dT%H:%M:%SZ")) - base

    refused(lambda: update(runtime, updatable, {"note": "n"}, TtlDuration={"Unit": "Days", "Value": 1}), "ValidationError", "TtlDuration")
    update(runtime, updatable, {"note": "n"})
    assert expires() == 3600
    update(runtime, updatable, {"at": now_text(60)})
    assert 3600 + 58 <= expires() <= 3600 + 62
    update(runtime, updatable, {"at": now_text(60)}, TtlDuration={"Unit": "Days", "Value": 1})
    assert 86400 + 58 <= expires() <= 86400 + 64


# --- retries ---

def test_a_retried_put_is_one_row(raw, make_group):
    group = make_group()
    values_sent = {"id": "1", "at": T1, "note": "once"}
    for _ in range(20):
        status, _, _ = raw.put(group.name, values_sent, invocation="3f1c1b7e-0000-4000-8000-000000000001")
        assert status == 200
    assert len(history(raw, group)) == 1
    raw.put(group.name, values_sent, invocation="3f1c1b7e-0000-4000-8000-000000000002")
    raw.put(group.name, {**values_sent, "note": "other body"}, invocation="3f1c1b7e-0000-4000-8000-000000000001")
    assert len(history(raw, group)) == 3
