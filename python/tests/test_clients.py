"""Clients over each transport, and raw requests."""

from __future__ import annotations

import pytest

import proxmox_sdk as px
from conftest import https


def test_plain_values_come_and_go(client: px.Client, managed: int) -> None:
    assert client.get("/version")["release"] == "8.4"
    rows = client.get("/cluster/resources", type="vm")
    assert {row["vmid"] for row in rows} == {100, 101, 9000}
    upid = client.create("/nodes/pve1/qemu/100/status/stop")
    assert upid.startswith("UPID:pve1:")
    client.task(upid).wait()
    assert client.set("/nodes/pve1/qemu/100/config", {"description": "Ünïcode & 'quotes'\n$x"}, cores=4, onboot=True) is None
    config = client.get("/nodes/pve1/qemu/100/config")
    assert config["description"].rstrip("\n") == "Ünïcode & 'quotes'\n$x"
    assert (config["cores"], config["onboot"]) == (4, 1)


def test_parameters_whose_names_are_no_identifiers(sim: px.Sim, client: px.Client) -> None:
    sim.forget_requests()
    client.get("/nodes/pve1/tasks", {"limit": 3, "errors": False})
    assert ["limit", "3"] in sim.requests()[-1].params
    assert ["errors", "0"] in sim.requests()[-1].params
    with pytest.raises(TypeError, match="twice"):
        client.get("/nodes/pve1/tasks", {"limit": 3}, limit=4)


def test_lists_are_sent_as_repeats(sim: px.Sim, client: px.Client, managed: int) -> None:
    sim.forget_requests()
    client.create("/nodes/pve1/qemu/100/agent/exec", command=["echo", "a b", ""])
    sent = [value for name, value in sim.requests()[-1].params if name == "command"]
    assert sent == ["echo", "a b", ""]


def test_in_process(sim: px.Sim) -> None:
    with px.Client.sim(sim) as client:
        assert client.transport == "sim"
        assert client.version().major == 8
        client.vm(9000, node="pve1").clone("web", newid=200)
    assert sim.guest(200).name == "web"


def test_a_token_without_privileges_sees_nothing(sim: px.Sim) -> None:
    with px.Client.sim(sim, token="root@pam!sep", secret="00000000-0000-4000-8000-000000000052") as client:
        assert client.guests() == []
        with pytest.raises(px.PermissionDeniedError) as caught:
            client.node("pve1").status()
        assert caught.value.missing_privilege == ("/nodes/pve1", "Sys.Audit")


def test_local(sim: px.Sim) -> None:
    with px.Client.local(node_root=sim.node_root()) as client:
        assert client.version().release == "8.4"
        assert client.vm(100, node="pve1").status().name == "handmade"


@pytest.mark.parametrize("engine", ["tunnel", "pvesh"])
def test_ssh(sim: px.Sim, engine: str) -> None:
    keywords = sim.ssh()
    target = keywords.pop("target")
    with px.Client.ssh(target, engine=engine, **keywords) as client:
        assert client.get("/version")["release"] == "8.4"
        with pytest.raises(px.NotFoundError):
            client.vm(999, node="pve1").config()


def test_versions(sim: px.Sim) -> None:
    with px.Sim(version="9.2") as newer, px.Client.sim(newer) as client:
        assert client.version().major == 9
    with pytest.raises(px.InvalidInputError):
        px.Sim(version="7.4")


def test_certificates_are_verified(sim: px.Sim) -> None:
    keywords = https(sim)
    del keywords["ca_pem"]
    with px.Client.https(**keywords) as client, pytest.raises(px.TlsError) as caught:
        client.version()
    assert caught.value.outcome is px.Outcome.NOT_SENT
    assert "CA" in caught.value.advice
    with px.Client.https(**keywords, fingerprint=sim.fingerprint) as client:
        client.version()
    with px.Client.https(**keywords, dangerous_accept_any_certificate=True) as client:
        client.version()
    with pytest.raises(px.InvalidInputError, match="exclude each other"):
        px.Client.https(**https(sim), fingerprint=sim.fingerprint)


def test_passwords(sim: px.Sim) -> None:
    with px.Client.https(sim.url, user="audit@pve", password="nonsense", ca_pem=sim.ca_pem) as client:
        with pytest.raises(px.UnauthenticatedError) as caught:
            client.version()
    assert caught.value.status == 401


def test_a_closed_client_raises(client: px.Client) -> None:
    vm, watch = client.vm(100, node="pve1"), client.watch()
    client.close()
    assert client.closed
    client.close()
    for call in (client.version, vm.status, vm.start, client.plan, lambda: next(watch)):
        with pytest.raises(px.ClosedError) as caught:
            call()
        assert caught.value.kind is px.ErrorKind.INVALID_INPUT
        assert caught.value.outcome is px.Outcome.NOT_SENT
    assert "closed" in repr(client)


def test_secrets_are_shown_nowhere(sim: px.Sim, client: px.Client, managed: int) -> None:
    secret = px.Secret("hunter2")
    assert "hunter2" not in repr(secret) + str(secret) + f"{secret}"
    assert secret.expose() == "hunter2"
    assert sim.secret not in repr(client)
    vm = client.vm(100, node="pve1")
    asked = px.request(vm.cloud_init, user="me", password=secret)
    assert "hunter2" not in repr(asked) + str(asked) + str(asked.to_dict())
    with pytest.raises(px.ProxmoxError) as caught:
        client.set("/nodes/pve1/qemu/100/config", cipassword="hunter2", nonsense=1)
    error = caught.value
    assert "hunter2" not in repr(error) + str(error) + str(vars(error))


def test_a_parameter_called_force_is_not_taken_for_ours(sim: px.Sim, client: px.Client, managed: int) -> None:
    vm = client.vm(managed, node="pve1")
    sim.forget_requests()
    with pytest.raises(TypeError, match="_force=100"):
        vm.set_config(cores=2, force=100)
    assert sim.requests() == []
    assert px.request(vm.set_config, {"delete": "unused0", "force": True}).params["force"] == "1"


def test_what_is_no_token_id_may_be_the_secret() -> None:
    for token in ("hunter2", "hunter2=a@b!c", "a@b!hunter2 "):
        with pytest.raises(px.InvalidInputError, match="no token id") as caught:
            px.Client.https("https://x", token=token, secret="s")
        assert "hunter2" not in str(caught.value) + str(vars(caught.value))


def test_on_decision_hears_what_the_gate_decides(sim: px.Sim, managed: int) -> None:
    import threading

    heard: list[px.Decision] = []
    two = threading.Event()

    def listen(decision: px.Decision) -> None:
        heard.append(decision)
        if len(heard) == 2:
            two.set()

    with px.Client.sim(sim, on_decision=listen) as client:
        client.vm(100, node="pve1").stop()
        with pytest.raises(px.RefusedError):
            client.vm(101, node="pve1").delete()
        assert two.wait(10)
    assert [decision.verdict for decision in heard] == [px.Verdict.ALLOWED, px.Verdict.REFUSED]
    assert heard[0].pvesh == "pvesh create /nodes/pve1/qemu/100/status/stop"


def test_policies(sim: px.Sim) -> None:
    policy = px.Policy(managed_tag="ci", protected_tags=["golden"], read_only=[(9000, 9999)])
    assert policy.managed_tag == "ci"
    assert policy == px.Policy(managed_tag="ci", protected_tags=["golden"], read_only=[(9000, 9999)])
    assert policy != px.Policy()
    with px.Client.sim(sim, policy=policy) as client:
        assert client.policy == policy
        with pytest.raises(px.RefusedError, match="read-only"):
            client.vm(9000, node="pve1").set_config(cores=2, _force=9000)
        with pytest.raises(px.RefusedError, match="managed-tag"):
            client.vm(101, node="pve1").set_config(cores=2)
        client.vm(101, node="pve1").set_config(cores=2, _force=101)
    for bad in ({"managed_tag": "a b"}, {"read_only": [(200, 100)]}, {"allow": ["managed-tag"]}, {"allow": ["nope"]}):
        with pytest.raises(px.InvalidInputError):
            px.Policy(**bad)
    with px.Client.sim(sim, policy=px.Policy.dangerous_allow_everything()) as client:
        client.vm(101, node="pve1").delete()
    assert sim.guest(101) is None
