"""What the gateway makes of canaries, roll-backs and versions that did not come up; Ray Serve is left out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.endpoint_states import endpoint_of, version
from tests.support.gateways import Gateway
from workbench.errors import ServingError
from workbench.records.endpoints import Canary, Order, ServedModel, ServingOptions, Version
from workbench.serving.control.control_plane import ControlPlane
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.history_writer import HistoryWriter
from workbench.tracking.registry import Registry
from workbench.tracking.store import TrackingStore

APPS = {f"app-{label}": 1 for label in "123"}


class NoServe(Deployer):
    """Ends applications that nobody runs."""

    def delete(self, app: str) -> None:
        pass


@pytest.fixture
def control(gateway: Gateway, tmp_path: Path) -> ControlPlane:
    """The control plane on a real data plane."""
    return ControlPlane(gateway.plane, NoServe(), GatewayState(tmp_path / "home"))


def on_trial(folder: Path, **facts: Any) -> EndpointState:
    """Version 2 has a tenth of what was version 1's."""
    canary = Canary("2", [10.0], since=time.time(), for_s=60.0, min_requests=30, **facts)
    return endpoint_of(folder, weights={"1": 90.0, "2": 10.0}, past=[{"1": 100.0}], canary=canary)


def order(**facts: Any) -> Order:
    model = ServedModel("digits", 3, "models:/digits/3", "")
    return Order("digits", "", "", None, (model,), {}, ServingOptions(), **facts)


def answered(gateway: Gateway, label: str, count: int, status: int = 200) -> None:
    for _ in range(count):
        gateway.plane.backend("digits", label).stats.record(time.monotonic(), status, 1.0)


def test_canary_is_judged_by_what_was_counted_since_the_gateway_was_made_anew(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = on_trial(tmp_path, base={"1": [50, 1], "2": [0, 0]})
    gateway.call(control.recovery.take_up, endpoint, APPS)
    gateway.call(answered, gateway, "1", 60)
    gateway.call(answered, gateway, "2", 25)
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.canary is not None
    assert endpoint.canary.verdict == "25 of 30 requests"


def test_canary_whose_requests_nobody_takes_is_rolled_back(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = on_trial(tmp_path)
    gateway.call(control.recovery.take_up, endpoint, APPS)
    gateway.call(answered, gateway, "1", 60)
    gateway.call(answered, gateway, "2", 20, 503)
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.canary is None
    assert endpoint.weights == {"1": 100.0}
    assert "100.0% of its 20 answers were errors" in endpoint.events[-1]["text"]


def test_canary_that_does_not_understand_its_clients_is_rolled_back(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = on_trial(tmp_path)
    gateway.call(control.recovery.take_up, endpoint, APPS)
    gateway.call(answered, gateway, "1", 200)
    gateway.call(answered, gateway, "1", 2, 400)
    gateway.call(answered, gateway, "2", 10)
    gateway.call(answered, gateway, "2", 15, 400)
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.weights == {"1": 100.0}
    assert "60.0% of its 25 answers were errors or refusals, 1.0% of the champion's" in endpoint.events[-1]["text"]


def test_version_gets_as_many_replicas_as_those_whose_requests_it_gets(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = endpoint_of(tmp_path, weights={"1": 100.0})
    for label, most in (("1", 8), ("2", 8)):
        endpoint.versions[label] = version(label).with_options(max_replicas=most)
    gateway.call(control.recovery.take_up, endpoint, {"app-1": 6, "app-2": 1})
    scalers = {label: status.autoscaler for label, status in control.endpoints.statuses["digits"].items()}
    gateway.call(control.router.route, endpoint, {"1": 50.0, "2": 50.0}, "half")
    assert scalers["2"].target == 3
    gateway.call(control.router.promote, endpoint, "2", "by hand")
    assert (scalers["1"].target, scalers["2"].target) == (6, 6)
    third = gateway.call(control.publisher.begin_version, endpoint, order(), ServingOptions(1, 4))
    assert third.autoscaler.target == 4


def test_canary_without_a_replica_is_rolled_back_after_half_a_minute(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = on_trial(tmp_path)
    gateway.call(control.recovery.take_up, endpoint, APPS)
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.canary is not None
    control.endpoints.statuses["digits"]["2"].down_since -= 31  # type: ignore[operator]
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.weights == {"1": 100.0}
    assert "no replica of it runs any more" in endpoint.events[-1]["text"]


def test_rollback_to_a_version_that_does_not_run_is_refused_and_changes_nothing(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = on_trial(tmp_path)
    gateway.call(control.recovery.take_up, endpoint, APPS)
    control.endpoints.statuses["digits"]["1"].failure = {"message": "no GPU", "traceback": ""}
    with pytest.raises(ServingError, match=r"version 1 does not run\. %endpoints restore"):
        gateway.call(control.router.roll_back, endpoint, "by hand")
    assert endpoint.weights == {"1": 90.0, "2": 10.0}
    gateway.call(answered, gateway, "2", 25, 500)
    gateway.call(control.canaries.judge, endpoint)
    assert endpoint.canary is not None
    assert "errors" in endpoint.canary.verdict
    assert "version 1 does not run" in endpoint.canary.verdict


def test_version_that_did_not_come_back_is_forgotten_when_another_is_up_not_before(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    endpoint = endpoint_of(tmp_path, weights={"1": 100.0}, past=[{"2": 100.0}])
    gateway.call(control.recovery.take_up, endpoint, APPS)
    for label in "12":
        control.endpoints.statuses["digits"][label].failure = {"message": "no GPU", "traceback": ""}
    status = gateway.call(control.publisher.begin_version, endpoint, order(), ServingOptions())
    assert set(endpoint.versions) == {"1", "2"}
    status.was_live = True
    gateway.call(control.publisher.go_live, endpoint, status, order())
    assert set(endpoint.versions) == {"3"}
    assert endpoint.weights == {"3": 100.0}


def test_canary_takes_the_place_of_another(gateway: Gateway, control: ControlPlane, tmp_path: Path) -> None:
    endpoint = on_trial(tmp_path)
    gateway.call(control.recovery.take_up, endpoint, APPS)
    wanted = order(traffic="canary", canary=Canary("", [20.0]))
    status = gateway.call(control.publisher.begin_version, endpoint, wanted, ServingOptions())
    status.was_live = True
    gateway.call(control.publisher.go_live, endpoint, status, wanted)
    assert endpoint.weights == {"1": 80.0, "3": 20.0}
    assert endpoint.past == [{"1": 100.0}]
    gateway.call(control.router.roll_back, endpoint, "by hand")
    assert endpoint.weights == {"1": 100.0}


def test_alias_goes_back_with_the_traffic_and_not_where_somebody_moved_it(
    gateway: Gateway, control: ControlPlane, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    endpoint = endpoint_of(
        tmp_path, weights={"1": 100.0}, aliases={"2": "champion"}, artifact_dir=str(tmp_path / "artifacts")
    )
    client = MlflowClient(endpoint.tracking_uri)
    client.create_registered_model("digits")
    for _ in range(3):
        client.create_model_version("digits", str(tmp_path))
    client.set_registered_model_alias("digits", "champion", "1")

    def named() -> dict[str, str]:
        control.history._namer.submit(lambda: None).result(30)
        return {alias: str(number) for alias, number in client.get_registered_model("digits").aliases.items()}

    gateway.call(control.recovery.take_up, endpoint, APPS)
    gateway.call(control.router.route, endpoint, {"2": 100.0}, "traffic")
    assert named() == {"champion": "2"}
    gateway.call(control.router.roll_back, endpoint, "by hand", is_held=True)
    assert named() == {"champion": "1"}
    gateway.call(control.router.promote, endpoint, "2", "by hand")
    assert named() == {"champion": "2"}
    client.set_registered_model_alias("digits", "champion", "3")
    gateway.call(control.router.roll_back, endpoint, "by hand", is_held=True)
    assert named() == {"champion": "3"}
    client.delete_registered_model_alias("digits", "champion")
    gateway.call(control.router.promote, endpoint, "2", "by hand")
    assert named() == {"champion": "2"}
    gateway.call(control.router.roll_back, endpoint, "by hand", is_held=True)
    assert named() == {}


def test_model_that_is_published_twice_is_said_to_be_served_until_both_are_gone(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    endpoint = endpoint_of(tmp_path)
    store = TrackingStore(endpoint.tracking_uri, tmp_path / "artifacts")
    client = MlflowClient(endpoint.tracking_uri)
    client.create_registered_model("digits")
    client.create_model_version("digits", str(tmp_path))
    endpoint.versions = {
        "1": version("1"),
        "1.1": Version("1.1", "app-1.1", version("1").models, ServingOptions(), 2.0),
    }
    first, second = endpoint.versions.values()
    history = HistoryWriter()
    for one in (first, second):
        run_id = history.begin_run(endpoint, one).result(30)
        endpoint.versions[one.label] = Version(one.label, one.app, one.models, one.options, 1.0, history_run=run_id)

    def served() -> tuple[str, ...]:
        return tuple(Registry(store).models()[0].versions[0].endpoints)

    assert served() == ("digits",)
    history.end_run(endpoint, endpoint.versions["1"])
    history._writer.submit(lambda: None).result(30)
    assert served() == ("digits",)
    last = endpoint.versions["1.1"]
    endpoint.versions = {}
    history.end_run(endpoint, last)
    history.close()
    assert served() == ()
