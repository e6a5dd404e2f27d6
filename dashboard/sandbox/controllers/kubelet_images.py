"""Which images the nodes have. The node's status says so, as a real kubelet reports it, and is believed."""

from __future__ import annotations

import base64
import json

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.kubelet_status import pull_error, qualified, refusal
from dashboard.sandbox.controllers.meta import Obj, key_of

DOCKER_CONFIG = ".dockerconfigjson"
MOST = 50
"""Images that a node reports (the kubelet's nodeStatusMaxImages)."""


class ImageStore:
    """Images per node: what status.images lists, and what has been pulled since."""

    def __init__(self, client: Client, informers: Informers) -> None:
        self._client = client
        self._images: dict[str, set[str]] = {}
        informers.on("Node", self._node_changed)

    def _node_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None:
            self._images.pop(old["metadata"]["name"], None)
        elif new is not None:
            listed = (new.get("status") or {}).get("images") or ()
            found = self._images.setdefault(new["metadata"]["name"], set())
            found.update(name for image in listed for name in image.get("names") or ())

    def has(self, node: str, image: str) -> bool:
        """Whether the node can start the image without pulling it."""
        return qualified(image) in self._images.get(node, ())

    def add(self, node: str, image: str) -> None:
        """The node has pulled the image: reported in its status."""
        full = qualified(image)
        if full in self._images.setdefault(node, set()):
            return
        self._images[node].add(full)
        current = self._client.get("Node", "", node)
        if current is None:
            return
        listed = [*((current.get("status") or {}).get("images") or ()), {"names": [full], "sizeBytes": 10_000_000}]
        self._client.patch("Node", "", node, {"status": {"images": listed[-MOST:]}}, subresource="status")

    def refusal(self, pod: Obj, spec: Obj) -> str:
        """Why the container's image cannot be pulled, in containerd's words; "" where it can."""
        image = spec["image"]
        if "missing" in tag_of(image) or spec.get("imagePullPolicy") == "Never":
            return pull_error(image)
        return refusal(image) if "private" in tag_of(image) and not self._may_pull(pod, image) else ""

    def _may_pull(self, pod: Obj, image: str) -> bool:
        """Whether one of the Pod's pull secrets is for the image's registry."""
        namespace, registry = key_of(pod)[0], qualified(image).partition("/")[0]
        for reference in pod["spec"].get("imagePullSecrets") or ():
            secret = self._client.get("Secret", namespace, reference.get("name", ""))
            if secret is not None and registry in registries(secret):
                return True
        return False


def tag_of(image: str) -> str:
    """The part of the image after its last slash: where `missing`, `crash` and the like count."""
    return image.rsplit("/", 1)[-1]


def registries(secret: Obj) -> frozenset[str]:
    """The registries that a Secret of type kubernetes.io/dockerconfigjson has credentials for."""
    text = (secret.get("data") or {}).get(DOCKER_CONFIG, "")
    try:
        known = json.loads(base64.b64decode(text))["auths"]
        return frozenset(str(name) for name in known)
    except (ValueError, LookupError, TypeError):
        # Somebody's text: what is no Docker configuration holds no credentials.
        return frozenset()
