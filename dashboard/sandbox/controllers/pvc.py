"""The PersistentVolume loop: claims bound to volumes made for them, or the reason why they wait.

Imitates `pkg/controller/volume/persistentvolume` of kube-controller-manager 1.36 together with an external provisioner
that always succeeds, after a second, for a StorageClass that exists, and the two protection controllers.
A claim that waits for its first consumer is provisioned when a Pod that uses it has a node.
"""

from __future__ import annotations

import copy

from dashboard.sandbox.controllers import pvc_rules as rules
from dashboard.sandbox.controllers.children import write_status
from dashboard.sandbox.controllers.loop import Context, Controller
from dashboard.sandbox.controllers.meta import Key, Obj, annotations_of, is_deleting, key_of, uid_of

COMPONENT = "persistentvolume-controller"
AGAIN = 15.0
"""Seconds between looks at claims that wait (the binder's resync period)."""

MAKING = 1.0
"""Seconds that a provisioner takes."""

NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
FIRST_CONSUMER = "waiting for first consumer to be created before binding"
LOST = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"


class VolumeBinder(Controller):
    """Claims: bind, provision, or say why not."""

    name = COMPONENT

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("PersistentVolumeClaim", self._claim_changed)
        self.informers.on("PersistentVolume", self._volume_changed)
        self.informers.on("StorageClass", self._class_changed)
        self.informers.on("Pod", self._pod_changed)

    def _claim_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and (old is None or old.get("spec") != new["spec"] or old["metadata"] != new["metadata"]):
            self.queue.add(key_of(new))

    def _volume_changed(self, old: Obj | None, new: Obj | None) -> None:
        for claim in self.informers.list("PersistentVolumeClaim"):
            lost = new is None and old is not None and claim["spec"].get("volumeName") == key_of(old)[1]
            if lost or (old is None and not _is_bound(claim)):
                self.queue.add(key_of(claim))

    def _class_changed(self, old: Obj | None, new: Obj | None) -> None:
        for claim in self.informers.list("PersistentVolumeClaim"):
            if not _is_bound(claim):
                self.queue.add(key_of(claim))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and old is not None and old["spec"].get("nodeName") == new["spec"].get("nodeName"):
            return
        pod = new or old or {"spec": {}, "metadata": {}}
        for volume in pod["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = self.informers.get("PersistentVolumeClaim", key_of(pod)[0], name) if name else None
            if claim is not None and not _is_bound(claim):
                self.queue.add(key_of(claim))

    async def sync(self, key: Key) -> None:
        """Bring one claim a step further (syncClaim)."""
        claim = self.client.get("PersistentVolumeClaim", *key)
        if claim is None or is_deleting(claim):
            return
        if _is_bound(claim):
            self._check_bound(claim)
            return
        volume = rules.choose(claim, self.client.list("PersistentVolume"))
        if volume is not None:
            await self._bind(claim, volume)
            return
        await self._provision(key, claim)

    def _check_bound(self, claim: Obj) -> None:
        if self.client.get("PersistentVolume", "", claim["spec"].get("volumeName", "")) is not None:
            return
        if claim["status"].get("phase") != "Lost":
            write_status(self.client, "PersistentVolumeClaim", claim, {**claim["status"], "phase": "Lost"})
            self._say(claim, "Warning", "ClaimLost", LOST)

    async def _bind(self, claim: Obj, volume: Obj) -> None:
        """Four writes, in the order of upstream: volume, its status, claim, its status."""
        changed = copy.deepcopy(volume)
        changed["spec"]["claimRef"] = rules.reference(claim)
        if not volume["spec"].get("claimRef"):
            changed["metadata"]["annotations"] = annotations_of(volume) | {rules.BOUND_BY_CONTROLLER: "yes"}
        volume = self.client.update("PersistentVolume", changed)
        await self.settle()
        write_status(self.client, "PersistentVolume", volume, {**(volume.get("status") or {}), "phase": "Bound"})
        await self.settle()
        claim = self.client.update("PersistentVolumeClaim", rules.bound_claim(claim, volume))
        await self.settle()
        write_status(self.client, "PersistentVolumeClaim", claim, rules.bound_status(volume))
        await self.settle()

    async def _provision(self, key: Key, claim: Obj) -> None:
        name = rules.class_of(claim)
        if not name:
            self._wait(key, claim, "Normal", "FailedBinding", NO_CLASS)
            return
        found = self.client.get("StorageClass", "", name)
        if found is None:
            self._wait(key, claim, "Warning", "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
            return
        node = ""
        if rules.waits_for_consumer(found):
            users = rules.users(claim, self.informers.list("Pod", key[0]))
            node = next((pod["spec"]["nodeName"] for pod in users if pod["spec"].get("nodeName")), "")
            if not node and users:
                said = f"waiting for pod {users[0]['metadata']['name']} to be scheduled"
                self._wait(key, claim, "Normal", "WaitForPodScheduled", said)
                return
            if not node:
                self._wait(key, claim, "Normal", "WaitForFirstConsumer", FIRST_CONSUMER)
                return
        if found["provisioner"] == rules.NO_PROVISIONER:
            self._wait(key, claim, "Normal", "FailedBinding", NO_CLASS.split(" and ", maxsplit=1)[0])
            return
        await self._make(claim, found, node)

    async def _make(self, claim: Obj, storage_class: Obj, node: str) -> None:
        driver = storage_class["provisioner"]
        changed = copy.deepcopy(claim)
        marks = {rules.PROVISIONER: driver} | ({rules.SELECTED_NODE: node} if node else {})
        changed["metadata"]["annotations"] = annotations_of(claim) | marks
        claim = self.client.update("PersistentVolumeClaim", changed)
        waits = (
            f"Waiting for a volume to be created either by the external provisioner '{driver}' or manually by the "
            "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
            "correctly registered."
        )
        self._say(claim, "Normal", "ExternalProvisioning", waits)
        namespace, name = key_of(claim)
        said = f'External provisioner is provisioning volume for claim "{namespace}/{name}"'
        self.recorder.event(driver, claim, "Normal", "Provisioning", said)
        await self.clock.sleep(MAKING)
        volume = rules.provisioned(claim, storage_class, node)
        if self.client.get("PersistentVolumeClaim", namespace, name) is None:
            return
        if self.client.get("PersistentVolume", "", volume["metadata"]["name"]) is None:
            volume = self.client.create("PersistentVolume", volume)
        said = f"Successfully provisioned volume {volume['metadata']['name']}"
        self.recorder.event(driver, claim, "Normal", "ProvisioningSucceeded", said)
        self.queue.add((namespace, name))

    def _wait(self, key: Key, claim: Obj, kind: str, reason: str, message: str) -> None:
        self._say(claim, kind, reason, message)
        self.queue.add_after(key, AGAIN)

    def _say(self, claim: Obj, kind: str, reason: str, message: str) -> None:
        self.recorder.event(COMPONENT, claim, kind, reason, message)


class VolumeReclaimer(Controller):
    """Volumes: available until bound; released, kept or removed when their claim has gone."""

    name = "persistentvolume-reclaimer"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("PersistentVolume", self._volume_changed)
        self.informers.on("PersistentVolumeClaim", self._claim_changed)

    def _volume_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _claim_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None and old["spec"].get("volumeName"):
            self.queue.add(("", old["spec"]["volumeName"]))

    async def sync(self, key: Key) -> None:
        """Bring one volume a step further (syncVolume)."""
        volume = self.client.get("PersistentVolume", *key)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef") or {}
        claim = self.client.get("PersistentVolumeClaim", reference.get("namespace", ""), reference.get("name", ""))
        taken = bool(reference.get("uid"))
        present = claim is not None and uid_of(claim) == reference.get("uid")
        if is_deleting(volume):
            if not present:
                _unprotect(self, "PersistentVolume", volume, rules.PV_FINALIZER)
            return
        phase = (volume.get("status") or {}).get("phase")
        if not taken and phase != "Available":
            write_status(self.client, "PersistentVolume", volume, {"phase": "Available"})
        elif taken and not present and phase != "Released":
            write_status(self.client, "PersistentVolume", volume, {**volume["status"], "phase": "Released"})
        elif taken and not present and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self.client.delete("PersistentVolume", *key)
        await self.settle()


class ClaimProtection(Controller):
    """Lets a deleted claim go once no Pod uses it."""

    name = "pvc-protection-controller"
    workers = 1

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.informers.on("PersistentVolumeClaim", self._claim_changed)
        self.informers.on("Pod", self._pod_changed)

    def _claim_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is not None and is_deleting(new):
            self.queue.add(key_of(new))

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is None:
            return
        for claim in self.informers.list("PersistentVolumeClaim", key_of(old)[0]):
            if is_deleting(claim):
                self.queue.add(key_of(claim))

    async def sync(self, key: Key) -> None:
        """Take the finalizer off when nothing needs the claim."""
        claim = self.client.get("PersistentVolumeClaim", *key)
        if claim is not None and is_deleting(claim) and not rules.users(claim, self.client.list("Pod", key[0])):
            _unprotect(self, "PersistentVolumeClaim", claim, rules.PVC_FINALIZER)


def _unprotect(controller: Controller, kind: str, obj: Obj, finalizer: str) -> None:
    finalizers = obj["metadata"].get("finalizers") or []
    if finalizer not in finalizers:
        return
    kept = [name for name in finalizers if name != finalizer]
    controller.client.patch(kind, *key_of(obj), {"metadata": {"finalizers": kept or None}})


def _is_bound(claim: Obj) -> bool:
    return rules.BIND_COMPLETED in annotations_of(claim)
