"""Where a cluster is and who we are to it: kubeconfig files and the in-cluster service account, as values.

Our own reader rather than kubernetes.aio's loader, because that one runs exec plugins while it loads
and swallows their errors, merges several files last-wins where kubectl takes the first, and writes
key material to temporary files that live as long as the process.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dashboard.cluster.errors import ConfigError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Access:
    """One way to one cluster. `user` is the kubeconfig user entry; relative paths in it are relative to `base`.

    `ca` is PEM text or None for the system's roots; `origin` the file that holds the user, for messages and
    for writing back a rotated OIDC refresh token.
    """

    name: str
    server: str
    ca: str | None = None
    insecure: bool = False
    tls_server_name: str = ""
    proxy: str = ""
    user: Mapping[str, Any] = field(default_factory=dict)
    user_name: str = ""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    base: Path = Path()
    origin: Path | None = None
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    body: Mapping[str, Any]
    file: Path


def kubeconfig_files(path: str | Path | None = None) -> list[Path]:
    """The files to merge: `path` alone, else $KUBECONFIG's (colon separated), else ~/.kube/config.

    Raises ConfigError when none of them exists, naming where it looked.
    """
    if path is not None:
        files, source = [Path(path).expanduser()], "the kubeconfig named"
    elif named := [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]:
        files, source = [Path(part).expanduser() for part in named], "KUBECONFIG names"
    else:
        files, source = [Path.home() / ".kube" / "config"], "KUBECONFIG is not set, and"
    found = [file for file in files if file.is_file()]
    if not found:
        names = ", ".join(str(file) for file in files)
        raise ConfigError(f"no kubeconfig: {source} {names}, which does not exist")
    return found


def _load(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read kubeconfig {file}: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"kubeconfig {file} is not YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise ConfigError(f"kubeconfig {file} is not a mapping")
    return content


def _entries(loaded: list[tuple[Path, Mapping[str, Any]]], plural: str, singular: str) -> dict[str, _Entry]:
    """Entries by name over all files; the first file that names one wins, as with kubectl."""
    entries: dict[str, _Entry] = {}
    for file, content in loaded:
        items = content.get(plural)
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
                raise ConfigError(f"kubeconfig {file}: an entry of {plural} has no name")
            body = item.get(singular)
            entries.setdefault(item["name"], _Entry(body if isinstance(body, Mapping) else {}, file))
    return entries


def _pick(entries: Mapping[str, _Entry], what: str, name: str, files: str) -> _Entry:
    if name in entries:
        return entries[name]
    known = ", ".join(sorted(entries)) or "none"
    raise ConfigError(f"kubeconfig {files} has no {what} named {name!r} (it has: {known})")


def read_kubeconfig(path: str | Path | None = None, context: str | None = None) -> Access:
    """The access that `context` (None: the current one) of a kubeconfig describes.

    Raises ConfigError naming the file and the entry that is missing or malformed.
    """
    loaded = [(file, _load(file)) for file in kubeconfig_files(path)]
    files = ", ".join(str(file) for file, _ in loaded)
    if context is None:
        current = next((content["current-context"] for _, content in loaded if content.get("current-context")), None)
        if not isinstance(current, str):
            raise ConfigError(f"kubeconfig {files} has no current-context; name one")
        context = current
    chosen = _pick(_entries(loaded, "contexts", "context"), "context", context, files).body
    cluster = _pick(_entries(loaded, "clusters", "cluster"), "cluster", str(chosen.get("cluster")), files)
    users = _entries(loaded, "users", "user")
    user_name = str(chosen.get("user") or "")
    user = _pick(users, "user", user_name, files) if user_name else None
    server = cluster.body.get("server")
    if not isinstance(server, str) or not server.startswith(("http://", "https://")):
        raise ConfigError(f"kubeconfig {cluster.file}: cluster {chosen.get('cluster')!r} has no http(s) server")
    ca = file_or_data(cluster.body, "certificate-authority", cluster.file.parent)
    return Access(
        name=context,
        server=server.rstrip("/"),
        ca=ca,
        insecure=cluster.body.get("insecure-skip-tls-verify") is True,
        tls_server_name=str(cluster.body.get("tls-server-name") or ""),
        proxy=str(cluster.body.get("proxy-url") or ""),
        user=user.body if user else {},
        user_name=user_name,
        cluster=cluster.body,
        base=(user or cluster).file.parent.absolute(),
        origin=(user or cluster).file,
    )


def read_user(file: Path, name: str) -> Mapping[str, Any]:
    """A user entry as a kubeconfig has it now. Raises ConfigError naming the file when it has none of that name."""
    return _pick(_entries([(file, _load(file))], "users", "user"), "user", name, str(file)).body


def file_or_data(entry: Mapping[str, Any], key: str, base: Path) -> str | None:
    """The PEM text of `KEY-data` (base64) or of the file `KEY`; None when there is neither."""
    data = entry.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(str(data), validate=False).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"kubeconfig: {key}-data is not base64 of PEM text") from error
    name = entry.get(key)
    if not name:
        return None
    file = base / str(name)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"kubeconfig: cannot read {key} {file}: {error}") from error


def read_in_cluster(root: Path = SERVICE_ACCOUNT) -> Access:
    """The access of the Pod's service account. Raises ConfigError naming the variable or file that is missing."""
    for variable in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        if not os.environ.get(variable):
            raise ConfigError(f"not inside a cluster: {variable} is not set")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    for file in (root / "token", root / "ca.crt"):
        if not file.is_file():
            raise ConfigError(f"not inside a cluster: {file} does not exist")
    return Access(
        name="in-cluster",
        server=f"https://{host}:{port}",
        ca=(root / "ca.crt").read_text(encoding="utf-8"),
        user_name="service account",
        base=root,
        token_file=root / "token",
    )
