"""The few calls to a cluster's API that an operator makes for children of its objects; kopf itself only watches.

KubeError                 every answer that is not a success, with the API's own words
└── KubeUnreachableError       no answer at all
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import kopf
import yarl

Obj = dict[str, Any]

TIMEOUT = aiohttp.ClientTimeout(total=20)
JSON = "application/json"
RETRIED = frozenset({429, 500, 502, 503, 504})
PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts of a call that the API was too busy for."""

TYPES = {
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "Service": ("api/v1", "services"),
    "Secret": ("api/v1", "secrets"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "Database": ("apis/demo.reconcilerviz.io/v1", "databases"),
    "Bucket": ("apis/demo.reconcilerviz.io/v1", "buckets"),
    "Hoge": ("apis/stable.example.com/v1", "hoges"),
}
"""Where each kind is served, below the server's address."""

logger = logging.getLogger(__name__)


class KubeError(Exception):
    """The API's refusal: its HTTP status, its reason (`Conflict`, `Invalid` …) and its message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class KubeUnreachableError(KubeError):
    """No answer from the API."""


def credentials(kubeconfig: Path | None, settings: kopf.OperatorSettings) -> kopf.ConnectionInfo:
    """How the cluster is reached: a kubeconfig, or the service account of the Pod that this runs in.

    Raises kopf.LoginError where there is neither. Exec plugins are not run: use a token or a certificate.
    """
    if kubeconfig is not None:
        os.environ["KUBECONFIG"] = str(kubeconfig)
        found = kopf.login_with_kubeconfig(settings=settings)
    else:
        found = kopf.login_with_service_account(settings=settings) or kopf.login_with_kubeconfig(settings=settings)
    if found is None:
        raise kopf.LoginError("neither a kubeconfig nor a service account says where the cluster is")
    return found


class Kube:
    """A client for one operator, named in managedFields by `manager`. Open it inside a running event loop.

    `login` is asked again when the API no longer knows who this is: tokens are renewed in their files.
    """

    def __init__(self, login: Callable[[], kopf.ConnectionInfo], manager: str) -> None:
        info = login()
        self._login = login
        self._who = info.as_http_headers()
        self._server = info.server.rstrip("/")
        self._manager = manager
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": manager, "Accept": JSON},
            connector=aiohttp.TCPConnector(ssl=info.as_ssl_context()),
            timeout=TIMEOUT,
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        """The object, None where there is none. Raises KubeError."""
        try:
            return await self._call("GET", self._url(kind, namespace, name))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    async def create(self, obj: Obj) -> Obj:
        """Create it. Raises KubeError; 409 where it exists."""
        metadata = obj["metadata"]
        return await self._call("POST", self._url(obj["kind"], metadata.get("namespace", "")), obj)

    async def apply(self, obj: Obj) -> Obj:
        """Make the fields in `obj` so, whoever set them before; others stay (server-side apply). Raises KubeError."""
        metadata = obj["metadata"]
        url = self._url(obj["kind"], metadata.get("namespace", ""), metadata["name"])
        return await self._call("PATCH", url.update_query(force="true"), obj, "application/apply-patch+yaml")

    async def set_status(self, obj: Obj, status: Obj) -> None:
        """Merge `status` into the object's; says nothing to the API where it already says so. Raises KubeError."""
        known = obj.get("status") or {}
        if all(known.get(field) == value for field, value in status.items()):
            return
        metadata = obj["metadata"]
        url = self._url(obj["kind"], metadata.get("namespace", ""), metadata["name"]) / "status"
        try:
            await self._call("PATCH", url, {"status": status}, "application/merge-patch+json")
        except KubeError as error:
            if error.status != 404:  # deleted meanwhile: there is nothing left to report on
                raise

    def _url(self, kind: str, namespace: str, name: str = "") -> yarl.URL:
        base, plural = TYPES[kind]
        parts = (("namespaces", namespace) if namespace else ()) + (plural,) + ((name,) if name else ())
        return yarl.URL(f"{self._server}/{base}").joinpath(*parts)

    async def _call(
        self, method: str, url: yarl.URL, body: Obj | None = None, content: str = "application/json"
    ) -> Obj:
        query = {} if method == "GET" else {"fieldManager": self._manager}
        for pause in (*PAUSES, None):
            try:
                return await self._known(method, url.update_query(query), body, content)
            except KubeError as error:
                if pause is None or (error.status not in RETRIED and not isinstance(error, KubeUnreachableError)):
                    raise
                logger.info("%s %s: %s; again in %s s", method, url.path, error, pause)
                await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _known(self, method: str, url: yarl.URL, body: Obj | None, content: str) -> Obj:
        try:
            return await self._once(method, url, body, content)
        except KubeError as error:
            if error.status != 401:
                raise
            self._who = self._login().as_http_headers()
            return await self._once(method, url, body, content)

    async def _once(self, method: str, url: yarl.URL, body: Obj | None, content: str) -> Obj:
        try:
            headers = self._who if body is None else {**self._who, "Content-Type": content}
            async with self._session.request(method, url, json=body, headers=headers) as response:
                answer: Obj = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubeUnreachableError(0, "Unreachable", f"{self._server}: {error or type(error).__name__}") from error
        except ValueError as error:  # a proxy's page instead of JSON
            raise KubeError(response.status, "NotJson", f"{method} {url.path}: {response.status}, no JSON") from error
        if response.status >= 400:
            raise KubeError(response.status, str(answer.get("reason", "")), str(answer.get("message", "")))
        return answer
