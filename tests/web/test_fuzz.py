"""No request breaks the server or leads out of the library."""

from __future__ import annotations

import pytest

from tests.web.made import made_library

pytest.importorskip("schemathesis", reason="schemathesis is not installed")


@pytest.mark.parametrize("requests", [120, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_request_breaks_the_server_or_leads_out_of_the_library(tmp_path, requests):
    from tests.web.fuzz import Fuzz

    found = Fuzz(made_library(tmp_path, videos=3, frames=150), 1).run(requests)
    print(
        f"{found.requests} answers, by status {dict(sorted(found.statuses.items()))}; {found.unsent} not sent"
    )
    assert found.wrong == []
    assert found.requests >= requests > 10 * found.unsent
    assert {200, 404, 422} <= set(found.statuses)
