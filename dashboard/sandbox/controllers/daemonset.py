"""The DaemonSet loop: one Pod on each node that may run it.

Imitates `pkg/controller/daemon` of kube-controller-manager 1.36: placement by a node affinity on `metadata.name`,
rolling updates with maxUnavailable and maxSurge, OnDelete, status counts and ControllerRevisions.
"""
