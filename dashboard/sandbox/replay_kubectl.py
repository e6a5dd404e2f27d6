"""Running a recording's kubectl commands, and nothing else, against the sandbox and nothing else.

A recording is somebody's file. Its commands are parsed into an argument list, never given to a shell; only
subcommands that talk to the API are let through, none that run a program, open a port, read a file or choose
another cluster; kubectl gets its own KUBECONFIG, HOME and environment.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUBCOMMANDS = frozenset(
    """
    annotate api-resources api-versions apply auth autoscale cordon create delete describe drain events explain expose
    get label patch replace rollout run scale set taint top uncordon version wait
    """.strip().split()
)
CONNECTION = frozenset(
    """
    as as-group as-uid as-user-extra cache-dir certificate-authority client-certificate client-key cluster context
    insecure-skip-tls-verify kubeconfig kuberc log-file password profile profile-output server tls-server-name token
    user username
    """.strip().split()
)
FILES = frozenset({"env-file", "from-env-file", "from-file", "kustomize", "patch-file", "template"})
SHORT = "nfolpcLwARv"
SWITCHES = "wAR"
"""Short flags without a value; the rest of SHORT has one."""
TIMEOUT = 60.0


class RefusedError(ValueError):
    """A command that a replay does not run; says why."""


class NoKubectlError(RuntimeError):
    """There is no kubectl to run."""


def find_kubectl() -> str:
    """The kubectl of the development dependencies, else the one on PATH. Raises NoKubectlError."""
    bundled = Path(sysconfig.get_path("scripts")) / "kubectl"
    found = str(bundled) if bundled.is_file() else shutil.which("kubectl")
    if found is None:
        raise NoKubectlError(
            "replay needs kubectl and there is none: it comes with the development dependencies (`uv sync`), "
            "or install it on PATH"
        )
    return found


def arguments(command: str) -> list[str]:
    """The command's words after `kubectl`. Raises RefusedError."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise RefusedError(f"cannot read the command {command!r}: {error}") from error
    if not words or words[0] != "kubectl":
        raise RefusedError(f"only kubectl is run, not {words[0]!r}" if words else "an empty command")
    _check_subcommand(words[1:])
    for index, word in enumerate(words[1:], 1):
        following = words[index + 1] if index + 1 < len(words) else ""
        _check_flag(word, following)
    return words[1:]


def _check_subcommand(words: Sequence[str]) -> None:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag in ("-n", "--namespace"):
            rest = rest[1:]
        elif not flag.startswith(("--namespace=", "-n")):
            _check_flag(flag, rest[0] if rest else "")
            raise RefusedError(f"before the subcommand only -n is understood, not {flag!r}")
    if not rest or rest[0] not in SUBCOMMANDS:
        raise RefusedError(f"kubectl {rest[0] if rest else ''} is not run by a replay")


def _check_flag(word: str, following: str) -> None:
    if word.startswith("--"):
        name, _, value = word[2:].partition("=")
        name = name.replace("_", "-")
        if name in CONNECTION:
            raise RefusedError(f"--{name} would choose another cluster, user or place to write; a replay has its own")
        if name in FILES:
            raise RefusedError(f"--{name} would read a file of this machine")
        if name in ("filename", "output") and "=" in word:
            _check_value(name, value)
        elif name in ("filename", "output"):
            _check_value(name, following)
        return
    if not word.startswith("-") or word == "-":
        return
    letter, attached = word[1], word[2:].removeprefix("=")
    if letter not in SHORT or (letter in SWITCHES and attached):
        raise RefusedError(f"the short flag {word!r} is not understood by a replay")
    if letter in ("f", "o"):
        _check_value("filename" if letter == "f" else "output", attached or following)


def _check_value(name: str, value: str) -> None:
    if name == "filename" and value != "-":
        raise RefusedError(f"-f reads only standard input here, not {value!r}")
    if name == "output" and "-file" in value.partition("=")[0]:
        raise RefusedError(f"-o {value} would read a file of this machine")


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a command."""

    code: int
    output: str


class Kubectl:
    """kubectl, pointed at one server, at home in one temporary folder."""

    def __init__(self, program: str, server: str, home: Path) -> None:
        self._program = program
        self._home = home
        self._config = home / "config"
        cluster = {"name": "sandbox", "cluster": {"server": server}}
        context = {"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [cluster],
            "contexts": [context],
            "users": [{"name": "sandbox", "user": {}}],
            "current-context": "sandbox",
        }
        self._config.write_text(json.dumps(config), encoding="utf-8")

    async def run(self, words: Sequence[str], stdin: str = "") -> Finished:
        """Run it with these words. A command that does not end within a minute is stopped: exit code 124."""
        environment = {
            "KUBECONFIG": str(self._config),
            "HOME": str(self._home),
            "PATH": "/usr/bin:/bin",
            "NO_PROXY": "*",
        }
        environment |= {"KUBECTL_KUBERC": "false"}
        process = await asyncio.create_subprocess_exec(
            self._program,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            cwd=self._home,
        )
        try:
            async with asyncio.timeout(TIMEOUT):
                output, _ = await process.communicate(stdin.encode())
        except TimeoutError:
            process.kill()
            await process.wait()
            return Finished(124, f"no end after {TIMEOUT:g} s")
        return Finished(process.returncode or 0, output.decode(errors="replace"))
