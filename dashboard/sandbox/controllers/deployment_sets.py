"""A Deployment's ReplicaSets: claiming, finding, making, scaling and removing them.

Every method that writes follows Kubernetes 1.36 down to which copy it writes from: that the Deployment's
own resourceVersion is stale after the first write of a sync, and the second one conflicts and is tried
again, is what makes the sequence of published states come out as on a real control plane.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable

from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers import deployment_notes as notes
from dashboard.sandbox.controllers.deployment_rules import (
    HASH,
    find_new,
    find_old,
    has_deadline,
    new_replicas,
    replicas,
    same_template,
)
from dashboard.sandbox.controllers.deployment_scaling import removable
from dashboard.sandbox.controllers.deployment_status import new_condition, set_condition
from dashboard.sandbox.controllers.events import Recorder
from dashboard.sandbox.controllers.hashing import template_hash
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.meta import (
    Obj,
    condition,
    controlled_by,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    matches,
    owner_reference,
    uid_of,
)
from dashboard.sandbox.failures import ApiFailure

COMPONENT = "deployment-controller"


class DeploymentSets:
    """The ReplicaSet half of the Deployment controller. Deployments handed in are copies that it may change."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        informers: Informers,
        recorder: Recorder,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._clock = clock
        self._informers = informers
        self._recorder = recorder
        self._settle = settle

    async def claim(self, deployment: Obj) -> list[Obj]:
        """The Deployment's ReplicaSets, after adopting orphans it selects and releasing those it no longer does."""
        namespace, _ = key_of(deployment)
        selector = deployment["spec"]["selector"]
        claimed = []
        for one in self._informers.list("ReplicaSet", namespace):
            selected = matches(selector, labels_of(one))
            if controlled_by(one, deployment):
                if selected:
                    claimed.append(one)
                elif not is_deleting(deployment):
                    others = [r for r in one["metadata"]["ownerReferences"] if r["uid"] != uid_of(deployment)]
                    await self._own(one, others)
            elif controller_of(one) is None and selected and not is_deleting(deployment) and not is_deleting(one):
                references = [*(one["metadata"].get("ownerReferences") or ()), owner_reference(deployment)]
                claimed.append(await self._own(one, references))
        return claimed

    async def _own(self, one: Obj, references: list[Obj]) -> Obj:
        namespace, name = key_of(one)
        body = {"metadata": {"uid": uid_of(one), "ownerReferences": references}}
        changed = self._client.patch("ReplicaSet", namespace, name, body)
        await self._settle()
        return changed

    async def split(self, deployment: Obj, sets: list[Obj], *, create: bool) -> tuple[Obj | None, list[Obj]]:
        """(the new ReplicaSet, the old ones), with the revision brought up to date (getAllReplicaSetsAndSyncRevision).

        Where there is no new one, `create` says whether to make it.
        """
        found = find_new(deployment, sets)
        old = find_old(sets, found)
        revision = max((notes.revision(one) for one in old), default=0) + 1
        if found is not None:
            return await self._refresh(deployment, found, revision), old
        return (await self._create(deployment, old, revision) if create else None), old

    async def _refresh(self, deployment: Obj, found: Obj, revision: int) -> Obj:
        new = copy.deepcopy(found)
        changed = notes.annotate_new(new, deployment, revision, exists=True)
        patience = deployment["spec"].get("minReadySeconds") or 0
        if changed or (new["spec"].get("minReadySeconds") or 0) != patience:
            new["spec"]["minReadySeconds"] = patience
            updated = self._client.update("ReplicaSet", new)
            await self._settle()
            return updated
        changed = self._take_revision(deployment, str(notes.revision(new)))
        progressing = condition(deployment.get("status") or {}, "Progressing")
        if has_deadline(deployment) and progressing is None:
            said = f'Found new replica set "{new["metadata"]["name"]}"'
            self._progressing(deployment, "True", "FoundNewReplicaSet", said)
            changed = True
        if changed:
            await self.publish(deployment)
        return new

    def _take_revision(self, deployment: Obj, revision: str) -> bool:
        annotations = deployment["metadata"].setdefault("annotations", {})
        changed = annotations.get(notes.REVISION) != revision
        annotations[notes.REVISION] = revision
        return bool(changed)

    def _progressing(self, deployment: Obj, status: str, reason: str, message: str) -> None:
        said = new_condition("Progressing", status, reason, message, self._clock.stamp())
        set_condition(deployment.setdefault("status", {}), said)

    async def publish(self, deployment: Obj) -> None:
        """Write the Deployment's status. The copy keeps its resourceVersion, as upstream's does."""
        self._client.update_status("Deployment", deployment)
        await self._settle()

    def _draft(self, deployment: Obj, old: list[Obj], revision: int) -> Obj:
        template = copy.deepcopy(deployment["spec"]["template"])
        digest = template_hash(template, (deployment.get("status") or {}).get("collisionCount"))
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[HASH] = digest
        selector = copy.deepcopy(deployment["spec"]["selector"])
        selector.setdefault("matchLabels", {})[HASH] = digest
        draft: Obj = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{deployment['metadata']['name']}-{digest}",
                "namespace": deployment["metadata"]["namespace"],
                "labels": dict(labels),
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }
        if deployment["spec"].get("minReadySeconds"):
            draft["spec"]["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        draft["spec"]["replicas"] = new_replicas(deployment, [*old, draft], draft)
        notes.annotate_new(draft, deployment, revision, exists=False)
        return draft

    async def _create(self, deployment: Obj, old: list[Obj], revision: int) -> Obj:
        draft = self._draft(deployment, old, revision)
        name, size = draft["metadata"]["name"], draft["spec"]["replicas"]
        fresh = True
        try:
            new = self._client.create("ReplicaSet", draft)
        except ApiFailure as failure:
            new = await self._not_created(deployment, draft, failure)
            fresh = False
        await self._settle()
        if fresh and size > 0:
            self._say(deployment, "Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}")
        changed = self._take_revision(deployment, str(revision))
        if fresh and has_deadline(deployment):
            self._progressing(deployment, "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
            changed = True
        if changed:
            await self.publish(deployment)
        return new

    async def _not_created(self, deployment: Obj, draft: Obj, failure: ApiFailure) -> Obj:
        """The ReplicaSet of that name if it is ours; else a counted collision, or a published failure, and raise."""
        namespace, name = key_of(draft)
        if failure.reason == "AlreadyExists":
            there = self._client.get("ReplicaSet", namespace, name)
            template = deployment["spec"]["template"]
            if there and controlled_by(there, deployment) and same_template(there["spec"]["template"], template):
                return there
            status = deployment.setdefault("status", {})
            status["collisionCount"] = (status.get("collisionCount") or 0) + 1
            await self.publish(deployment)
            raise failure
        said = f'Failed to create new replica set "{name}": {failure.message}'
        if has_deadline(deployment):
            self._progressing(deployment, "False", "ReplicaSetCreateError", said)
            await self.publish(deployment)
        self._say(deployment, "Warning", "ReplicaSetCreateError", said)
        raise failure

    async def scale(self, one: Obj, size: int, deployment: Obj) -> tuple[bool, Obj]:
        """Give the ReplicaSet that size, unless it has it (scaleReplicaSetAndRecordEvent)."""
        if replicas(one) == size:
            return False, one
        return await self.resize(one, size, deployment)

    async def resize(self, one: Obj, size: int, deployment: Obj) -> tuple[bool, Obj]:
        """Give the ReplicaSet that size and the Deployment's size annotations (scaleReplicaSet)."""
        changed, before = copy.deepcopy(one), replicas(one)
        noted = notes.annotate_sizes(changed, deployment)
        if before == size and not noted:
            return False, one
        changed["spec"]["replicas"] = size
        updated = self._client.update("ReplicaSet", changed)
        await self._settle()
        if before == size:
            return False, updated
        way, name = "up" if before < size else "down", one["metadata"]["name"]
        said = f"Scaled {way} replica set {name} from {before} to {size}"
        self._say(deployment, "Normal", "ScalingReplicaSet", said)
        return True, updated

    async def clean(self, deployment: Obj, old: list[Obj]) -> None:
        """Delete old ReplicaSets beyond revisionHistoryLimit."""
        for one in removable(deployment, old):
            self._client.delete("ReplicaSet", *key_of(one), uid=uid_of(one))
            await self._settle()

    def _say(self, deployment: Obj, kind: str, reason: str, message: str) -> None:
        self._recorder.event(COMPONENT, deployment, kind, reason, message)
