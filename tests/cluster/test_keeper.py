"""One renewal for all who ask, in time, to its end, and no oftener than needed."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from dashboard.cluster import keeper
from dashboard.cluster.connection import Connection
from dashboard.cluster.credentials import due_before
from dashboard.cluster.errors import CredentialError, Unauthorized
from dashboard.cluster.timing import Timing
from tests.cluster.mirror import connect, eventually
from tests.cluster.plugin import Plugin, ask
from tests.cluster.wire import Wire


async def test_plugin_is_run_again_before_its_five_second_token_expires(plugin: Plugin) -> None:
    plugin.mode("expires 5.9")  # whole seconds are printed: between 5 and 5.9 are left
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        refused = 0
        began = time.monotonic()
        while len(plugin.runs) < 3 and time.monotonic() - began < 20:
            number = len(plugin.runs)
            wire.allowed_tokens = {f"token-{max(number, 1)}", f"token-{number + 1}"}
            token = await ask(connection)
            refused += token not in wire.allowed_tokens
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        await connection.close()
    assert refused == 0
    assert 7 < took < 13, "two lives of five seconds, each cut a little short"
    assert not [code for code in wire.headers if "Authorization" not in code]


async def test_a_long_token_is_kept(plugin: Plugin) -> None:
    plugin.mode("expires 3600")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        for _ in range(5):
            await ask(connection)
        await connection.close()
    assert len(plugin.runs) == 1


async def test_one_renewal_serves_all(plugin: Plugin) -> None:
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        await asyncio.gather(*(ask(connection) for _ in range(20)))
        assert len(plugin.runs) == 1
        wire.allowed_tokens = {"token-2"}
        await asyncio.gather(*(ask(connection) for _ in range(20)))
        assert len(plugin.runs) == 2
        await connection.close()


async def test_a_401_is_tried_once_more_and_no_oftener(plugin: Plugin) -> None:
    async with Wire() as wire:
        wire.allowed_tokens = set()
        connection = connect(wire, user=plugin.user())
        with pytest.raises(Unauthorized):
            await ask(connection)
        assert len(wire.requests) == 2
        assert len(plugin.runs) == 2
        await connection.close()


async def test_a_watch_is_opened_with_a_renewed_token(plugin: Plugin) -> None:
    async with Wire() as wire:
        wire.allowed_tokens = {"token-2"}
        connection = connect(wire, user=plugin.user())
        query = {"watch": "true", "resourceVersion": str(wire.version), "timeoutSeconds": "0.1"}
        async with connection.stream("/api/v1/pods", query) as stream:
            assert await stream.read() is None
        await connection.close()


async def test_a_static_token_is_not_tried_twice() -> None:
    async with Wire() as wire:
        wire.allowed_tokens = {"right"}
        connection = connect(wire, user={"token": "wrong"})
        with pytest.raises(Unauthorized, match="401 Unauthorized"):
            await connection.request("GET", "/api/v1/pods")
        assert len(wire.requests) == 1
        await connection.close()


async def test_a_failing_plugin_is_not_run_by_everybody(plugin: Plugin) -> None:
    plugin.mode("fail")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        answers = await asyncio.gather(*(ask(connection) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, CredentialError) for answer in answers)
        assert len(plugin.runs) == 1
        await connection.close()


async def test_a_plugin_that_recovers_is_asked_again(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FAILURE_HOLD", 0.0)
    plugin.mode("fail")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        with pytest.raises(CredentialError):
            await ask(connection)
        plugin.mode("")
        await ask(connection)
        await connection.close()


async def test_a_failed_renewal_does_no_harm_while_the_token_is_valid(plugin: Plugin) -> None:
    now = time.time()
    timing = Timing(wall=lambda: now, steady=lambda: now)
    plugin.mode("expires 3600")
    async with Wire() as wire:
        connection = connect(wire, timing, user=plugin.user())
        assert await ask(connection) == "token-1"
        plugin.mode("fail")
        now += 3570  # due, not expired
        assert await ask(connection) == "token-1"
        assert len(plugin.runs) == 2
        now += 60
        with pytest.raises(CredentialError):
            await ask(connection)
        await connection.close()


@pytest.mark.parametrize(("left", "margin"), [(5, 1), (100, 20), (900, 60), (86400, 60), (-5, 0)])
def test_renewal_margin(left: float, margin: float) -> None:
    assert due_before(1000 + left, 1000) == 1000 + left - margin


async def test_token_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    async with Wire() as wire:
        wire.allowed_tokens = {"first"}
        connection = connect(wire, user={"tokenFile": "token"}, base=tmp_path)
        assert await ask(connection) == "first"
        (tmp_path / "token").write_text("second")
        wire.allowed_tokens = {"second"}
        assert await ask(connection) == "second"
        (tmp_path / "token").unlink()
        wire.allowed_tokens = set()
        with pytest.raises(CredentialError, match="cannot read the token file"):
            await ask(connection)
        await connection.close()


async def test_a_renewal_runs_to_its_end_whoever_loses_patience(plugin: Plugin) -> None:
    """The probe waits four seconds; a plugin that takes five would be ended and begun again for ever."""
    plugin.mode("slow 1")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await ask(connection)
        assert connection.keeper.renewing
        assert await ask(connection) == "token-1"
        assert not connection.keeper.renewing
        await connection.close()


async def test_nobody_waits_long_for_a_renewal_while_the_old_token_works(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "COURTESY", 0.1)
    ahead = 0.0
    plugin.mode("expires 3600")
    async with Wire() as wire:
        timing = Timing(wall=lambda: time.time() + ahead, steady=lambda: time.monotonic() + ahead)
        connection = connect(wire, timing, user=plugin.user())
        assert await ask(connection) == "token-1"
        plugin.mode("hang")
        ahead = 3570  # due, not expired
        async with asyncio.timeout(5):
            assert await ask(connection) == "token-1"
            assert await ask(connection) == "token-1"
        await eventually(lambda: len(plugin.runs) == 2)
        assert connection.keeper.renewing
        await connection.close()
        assert not connection.keeper.renewing


async def test_what_a_plugin_started_ends_with_it(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cluster.execplugin.PLUGIN_TIMEOUT", 1.0)
    plugin.mode("hang")
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user())
        with pytest.raises(CredentialError, match="did not end within"):
            await ask(connection)
        await connection.close()
    await eventually(lambda: not alive(plugin.child))


def alive(process: int) -> bool:
    """Whether a process is there and not only its entry, which whoever inherited it has yet to take away."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_a_plugin_has_no_terminal_to_ask(plugin: Plugin) -> None:
    script = "import os, json; print(json.dumps({'kind': 'ExecCredential', 'apiVersion': "
    script += "'client.authentication.k8s.io/v1', 'status': {'token': str(os.getsid(0) == os.getpid())}}))"
    async with Wire() as wire:
        connection = connect(wire, user=plugin.user(args=["-c", script]))
        assert await ask(connection) == "True"
        await connection.close()


async def test_a_clock_ahead_of_the_issuers_does_not_run_the_plugin_for_everybody(plugin: Plugin) -> None:
    plugin.mode("expires 300")
    async with Wire() as wire:
        connection = connect(wire, Timing(wall=lambda: time.time() + 3600), user=plugin.user())
        for _ in range(20):
            await ask(connection)
        assert len(plugin.runs) == 1
        await connection.close()


def kubeconfig(folder: Path, server: str, token: str) -> Path:
    file = folder / "config"
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": token}}],
    }
    file.write_text(yaml.safe_dump(content))
    return file


async def test_a_token_written_anew_into_the_kubeconfig_is_taken_when_the_old_one_is_refused(tmp_path: Path) -> None:
    """`oc login`, `kubeadm certs renew` and their like: kubectl reads the file at every run."""
    async with Wire() as wire:
        wire.allowed_tokens = {"first"}
        connection = await Connection.from_kubeconfig(kubeconfig(tmp_path, wire.url, "first"))
        assert await ask(connection) == "first"
        wire.allowed_tokens = {"second-one"}
        with pytest.raises(Unauthorized):
            await ask(connection)
        assert len(wire.requests) == 2, "nothing was written, so asking again would be no use"
        kubeconfig(tmp_path, wire.url, "second-one")
        assert await ask(connection) == "second-one"
        for broken in ("users: []", "{"):
            (tmp_path / "config").write_text(broken)
            wire.allowed_tokens = set()
            with pytest.raises((Unauthorized, CredentialError)):
                await ask(connection)
        kubeconfig(tmp_path, wire.url, "third-one-now")
        wire.allowed_tokens = {"third-one-now"}
        await eventually_asked(connection, "third-one-now")
        await connection.close()


async def eventually_asked(connection: Connection, token: str) -> None:
    """A failed renewal is remembered for a moment."""
    for _ in range(100):
        with suppress(CredentialError):
            assert await ask(connection) == token
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the new token was never taken")
