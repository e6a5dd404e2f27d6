"""The StatefulSet loop: Pods with names that last, made and replaced in the order of their ordinals.

Imitates `pkg/controller/statefulset` of kube-controller-manager 1.36: OrderedReady and Parallel management, the
RollingUpdate partition, OnDelete, ControllerRevisions and the claims of `volumeClaimTemplates`.
"""
