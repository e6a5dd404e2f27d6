"""client-go credential plugins: run the command, read an ExecCredential.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
kubernetes.aio runs the plugin once, ignores expirationTimestamp after that and logs its error away.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from dashboard.cluster.credentials import Credential, bearer, due_before
from dashboard.cluster.errors import ConfigError, CredentialError, plain
from dashboard.cluster.kubeconfig import Access
from dashboard.cluster.timing import Timing
from dashboard.core.objects import timestamp

PLUGIN_TIMEOUT = 120.0
"""Seconds for one run: some plugins wait for a person in a browser."""

API_VERSIONS = tuple(f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
CONFIG_EXTENSION = "client.authentication.k8s.io/exec"


class ExecPlugin:
    """The `exec` of a kubeconfig user."""

    renewable = True

    def __init__(self, access: Access, timing: Timing) -> None:
        """Raises ConfigError when the entry itself is malformed."""
        spec = access.user.get("exec")
        if not isinstance(spec, Mapping) or not isinstance(spec.get("command"), str):
            raise ConfigError(f"kubeconfig: user {access.user_name!r}: exec names no command")
        if spec.get("apiVersion") not in API_VERSIONS:
            raise ConfigError(
                f"kubeconfig: user {access.user_name!r}: exec.apiVersion {spec.get('apiVersion')!r} is none of "
                + ", ".join(API_VERSIONS)
            )
        if spec.get("interactiveMode") == "Always":
            raise ConfigError(
                f"kubeconfig: user {access.user_name!r}: exec.interactiveMode Always needs a terminal, and we have none"
            )
        self._spec, self._access, self._timing = spec, access, timing
        command = spec["command"]
        # A path is relative to the kubeconfig; a bare name is looked up on PATH.
        self._command = str(access.base / Path(command).expanduser()) if os.sep in command else command

    async def fetch(self, refused: bool) -> Credential:
        """Run the plugin. Raises CredentialError with the plugin's own words."""
        del refused
        output, words, code = await self._run()
        if code != 0:
            raise CredentialError(f"credential plugin {self._command} exited with {code}: {words or 'it said nothing'}")
        return self._read(output, words)

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        listed = self._spec.get("env")
        for pair in listed if isinstance(listed, list) else ():
            if isinstance(pair, Mapping) and pair.get("name"):
                environment[str(pair["name"])] = str(pair.get("value") or "")
        info: dict[str, Any] = {"interactive": False}
        if self._spec.get("provideClusterInfo"):
            info["cluster"] = self._cluster_info()
        environment["KUBERNETES_EXEC_INFO"] = orjson.dumps(
            {"kind": "ExecCredential", "apiVersion": self._spec["apiVersion"], "spec": info}
        ).decode()
        return environment

    def _cluster_info(self) -> dict[str, Any]:
        access = self._access
        info: dict[str, Any] = {"server": access.server, "insecure-skip-tls-verify": access.insecure}
        if access.ca:
            info["certificate-authority-data"] = base64.b64encode(access.ca.encode()).decode()
        if access.tls_server_name:
            info["tls-server-name"] = access.tls_server_name
        if access.proxy:
            info["proxy-url"] = access.proxy
        extensions = access.cluster.get("extensions")
        for extension in extensions if isinstance(extensions, list) else ():
            if isinstance(extension, Mapping) and extension.get("name") == CONFIG_EXTENSION:
                info["config"] = extension.get("extension")
        return info

    async def _run(self) -> tuple[bytes, str, int]:
        arguments = self._spec.get("args")
        arguments = [str(argument) for argument in arguments] if isinstance(arguments, list) else []
        try:
            process = await asyncio.create_subprocess_exec(
                self._command,
                *arguments,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # Without a terminal, which it could ask for a password unheard; with a group, to be ended as a whole.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # a NUL in an argument, a name that no variable can have
            hint = plain(str(self._spec.get("installHint") or ""), 300)
            raise CredentialError(
                f"credential plugin {self._command} cannot be run: {getattr(error, 'strerror', None) or error}"
                + (f" ({hint})" if hint else "")
            ) from error
        try:
            async with asyncio.timeout(PLUGIN_TIMEOUT):
                output, words = await process.communicate()
        except TimeoutError as error:
            raise CredentialError(
                f"credential plugin {self._command} did not end within {PLUGIN_TIMEOUT:.0f} s"
            ) from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return output, plain(words.decode("utf-8", "replace")), process.returncode or 0

    def _read(self, output: bytes, words: str) -> Credential:
        said = f"; it said: {words}" if words else ""
        try:
            answer = orjson.loads(output)
        except orjson.JSONDecodeError as error:
            raise CredentialError(f"credential plugin {self._command} printed no JSON{said}") from error
        status = answer.get("status") if isinstance(answer, Mapping) else None
        if not isinstance(status, Mapping) or answer.get("kind") != "ExecCredential":
            raise CredentialError(f"credential plugin {self._command} printed no ExecCredential with a status{said}")
        if answer.get("apiVersion") != self._spec["apiVersion"]:
            raise CredentialError(
                f"credential plugin {self._command} answered {plain(str(answer.get('apiVersion')), 80)}, "
                f"the kubeconfig asks for {self._spec['apiVersion']}"
            )
        token, certificate = status.get("token"), status.get("clientCertificateData")
        if not token and not certificate:
            raise CredentialError(f"credential plugin {self._command} gave neither token nor certificate{said}")
        if certificate and not status.get("clientKeyData"):
            raise CredentialError(f"credential plugin {self._command} gave a certificate without a key{said}")
        expires = timestamp(status.get("expirationTimestamp"))
        return Credential(
            headers=bearer(str(token)) if token else (),
            certificate=str(certificate) if certificate else None,
            key=str(status["clientKeyData"]) if certificate else None,
            due=due_before(expires, self._timing.wall()) if expires is not None else None,
            expires=expires,
        )
