"""A server that is told to stop ends well, whatever is under way."""
import threading
import time

import pytest

from tests.support.signed import Server

SLOW = b'{"sql": "SELECT sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b", "format": "json"}'


@pytest.mark.parametrize("askers", [1, 3])
def test_stop_while_queries_run(tmp_path, askers):
    server = Server(tmp_path / "data", "--query-timeout", "8s", "--log", "warn").start()
    outcomes = []

    def ask():
        try:
            outcomes.append(server.client(timeout=60).request("POST", "/v1/sql", SLOW, {"content-type": "application/json"})[0])
        except OSError as broken:
            outcomes.append(type(broken).__name__)

    threads = [threading.Thread(target=ask) for _ in range(askers)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert server.stop() == 0, server.log_tail()
    for thread in threads:
        thread.join()
    assert len(outcomes) == askers and 200 not in outcomes


def test_stop_when_idle_and_start_again(tmp_path):
    server = Server(tmp_path / "data").start()
    idle = server.client()
    assert idle.control("ListFeatureGroups", {})[0] == 200
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    server.start()
    assert server.client().control("ListFeatureGroups", {})[0] == 200
    assert server.stop() == 0
