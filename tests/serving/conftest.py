"""Fixtures of the tests of serving."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.gateways import Gateway, running_gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway's data plane that listens, with an endpoint "digits" whose replicas may come."""
    with running_gateway() as gateway:
        gateway.expect()
        gateway.put()
        yield gateway
