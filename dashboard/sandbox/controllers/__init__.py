"""The loops of the sandbox's control plane. `start` sets all of them going over one API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from dashboard.sandbox.api import Api
from dashboard.sandbox.client import Client
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.controllers.cronjob import CronJobController
from dashboard.sandbox.controllers.daemonset import DaemonSetController
from dashboard.sandbox.controllers.deployment import DeploymentController
from dashboard.sandbox.controllers.events import Recorder
from dashboard.sandbox.controllers.garbage import GarbageCollector
from dashboard.sandbox.controllers.hpa import HorizontalController
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.job import JobController
from dashboard.sandbox.controllers.job_cleanup import OrphanedJobPods, TtlAfterFinished
from dashboard.sandbox.controllers.kubelet import Kubelets
from dashboard.sandbox.controllers.loop import Context
from dashboard.sandbox.controllers.namespace import NamespaceController
from dashboard.sandbox.controllers.node_lifecycle import NodeLifecycleController
from dashboard.sandbox.controllers.nodes import Nodes
from dashboard.sandbox.controllers.pace import Pace
from dashboard.sandbox.controllers.pdb import DisruptionController
from dashboard.sandbox.controllers.pvc import ClaimProtection, VolumeBinder, VolumeReclaimer
from dashboard.sandbox.controllers.replicaset import ReplicaSetController
from dashboard.sandbox.controllers.resourcequota import ResourceQuotaController
from dashboard.sandbox.controllers.scheduler import Scheduler
from dashboard.sandbox.controllers.service_endpoints import EndpointSliceController
from dashboard.sandbox.controllers.statefulset import StatefulSetController
from dashboard.sandbox.controllers.taint_eviction import TaintEvictionController
from dashboard.sandbox.registry import Resource

log = logging.getLogger(__name__)

KINDS = (
    "Namespace",
    "Node",
    "StorageClass",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "Service",
    "EndpointSlice",
    "PersistentVolume",
    "PodDisruptionBudget",
    "ResourceQuota",
)

CONTROLLERS = (
    NamespaceController,
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    DaemonSetController,
    JobController,
    OrphanedJobPods,
    TtlAfterFinished,
    CronJobController,
    HorizontalController,
    EndpointSliceController,
    VolumeBinder,
    VolumeReclaimer,
    ClaimProtection,
    DisruptionController,
    ResourceQuotaController,
    NodeLifecycleController,
    TaintEvictionController,
)
"""The loops that need nothing but a Context, in the order in which they hear of changes."""


def start(api: Api, clock: Clock) -> list[asyncio.Task[None]]:
    """Set every loop going; the tasks run until they are cancelled."""
    manager = Client(api, "kube-controller-manager")
    informers = Informers(manager, KINDS)
    pace = Pace(clock.speed)

    def context(client: Client) -> Context:
        return Context(client, clock, informers, Recorder(client, clock), pace)

    shared = context(manager)
    kubelet = Client(api, "kubelet")
    nodes = Nodes(kubelet, clock)
    loops = [Scheduler(context(Client(api, "kube-scheduler"))), *(make(shared) for make in CONTROLLERS)]
    Kubelets(context(kubelet))
    informers.on("Node", nodes.changed)
    collector = GarbageCollector(manager, pace)
    for resource in api.registry:
        for obj in api.store.objects(resource.storage).values():
            collector.seen(resource.kind, "ADDED", obj)

    def changed(resource: Resource, change: str, obj: dict[str, Any]) -> None:
        collector.seen(resource.kind, change, obj)

    api.after_write.append(changed)
    informers.seed()
    nodes.create()
    work = [pace.run(), informers.run(), nodes.run(), collector.run(), *(loop.run() for loop in loops)]
    return [_task(one) for one in work]


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    """A loop that dies is a bug of the sandbox: say so at once, rather than let everything stand still."""
    if not task.cancelled() and (failure := task.exception()) is not None:
        log.error("a loop of the sandbox has died", exc_info=failure)
