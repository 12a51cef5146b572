"""The public JSON texts as request bodies: none crashes the server, none gets a 5xx, and what is no JSON is refused."""
import json
import uuid

import pytest

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def texts(shared):
    folder = shared / "vectors/json/test_parsing"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.json"))}
    assert len(found) == 318
    return found


@pytest.fixture(scope="module")
def group(control):
    from tests.api.conftest import definition
    name = "json-" + uuid.uuid4().hex[:12]
    control.create_feature_group(**definition(name))
    return name


ROUTES = [("PUT", "/FeatureGroup/{}", JSON), ("POST", "/FeatureGroup/{}/Record", JSON), ("POST", "/FeatureGroup/{}/ListRecords", JSON),
          ("POST", "/BatchGetRecord", JSON), ("POST", "/BatchWriteRecord", JSON), ("POST", "/v1/sql", JSON), ("POST", "/v1/datasets", JSON),
          ("POST", "/", {"content-type": "application/x-amz-json-1.1", "x-amz-target": "SageMaker.CreateFeatureGroup"}),
          ("POST", "/", {"content-type": "application/x-amz-json-1.1", "x-amz-target": "SageMaker.Search"})]


@pytest.mark.parametrize(("method", "target", "headers"), ROUTES, ids=[f"{one[1]} {one[2].get('x-amz-target', '')}" for one in ROUTES])
def test_a_text_as_the_whole_body(raw, texts, group, method, target, headers):
    for name, text in texts.items():
        status, kind, body = raw.request(method, target.format(group), text, headers)
        assert status < 500, (name, status, kind, body)
        # An absent body is no text at all; ListRecords needs no member.
        if name.startswith("n_") and (text or "ListRecords" not in target):
            assert status == 400 and kind, (name, status, body)


def test_a_text_as_a_member(raw, texts, group):
    """Where a value belongs that is not read: an unknown member is skipped, but only when it is JSON."""
    for name, text in texts.items():
        body = b'{"Record": [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}],' \
               b' "Unknown": ' + text + b"}"
        status, kind, answer = raw.request("PUT", f"/FeatureGroup/{group}", body, JSON)
        assert status in (200, 400), (name, status, answer)
        if name.startswith("y_"):
            assert status == 200, (name, answer)
        # A text of two values, or none, may be refused as a whole and still fit here; what is no value may not.
        if name.startswith("n_") and status == 200:
            assert json.loads(body) is not None


def test_a_text_as_a_value(raw, texts, group):
    for name, text in texts.items():
        body = b'{"Record": [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": ' + text + b"}]}"
        status, kind, answer = raw.request("PUT", f"/FeatureGroup/{group}", body, JSON)
        assert status == 400, (name, status, answer)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 33 + b"]" * 33, b"1" * 1_000_000, b'"' + b"\\u0041" * 200_000],
                         ids=["arrays", "objects", "33 deep", "a million digits", "unfinished string"])
def test_bombs(raw, group, body):
    for target in (f"/FeatureGroup/{group}", ):
        status, kind, _ = raw.request("PUT", target, body, JSON)
        assert status == 400, kind


def test_depth_of_32(raw, group):
    base = b'{"Record": [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}], "x": '
    for depth, expected in ((31, 200), (32, 400)):
        assert raw.request("PUT", f"/FeatureGroup/{group}", base + b"[" * depth + b"]" * depth + b"}", JSON)[0] == expected


def test_members_come_once(raw, group):
    twice = b'{"Record": [{"FeatureName": "id", "ValueAsString": "1"}, {"FeatureName": "at", "ValueAsString": "2026-07-01T00:00:00Z"}],' \
            b' "Record": []}'
    status, kind, body = raw.request("PUT", f"/FeatureGroup/{group}", twice, JSON)
    assert status == 400 and b"Record" in body


def test_escapes_are_characters(raw, group):
    text = b'{"Record": [{"Feature\\u004eame": "id", "ValueAsString": "esc"}, {"FeatureName": "at", "ValueAsString": ' \
           b'"2026-07-01T00:00:00\\u005a"}, {"FeatureName": "note", "ValueAsString": "\\ud83d\\ude00\\u0000\\/"}]}'
    assert raw.request("PUT", f"/FeatureGroup/{group}", text, JSON)[0] == 200
    assert raw.get(group, "esc")["note"] == "\U0001f600\u0000/"
