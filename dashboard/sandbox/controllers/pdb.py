"""The PodDisruptionBudget loop: how many Pods an eviction may take right now.

Imitates `pkg/controller/disruption` of kube-controller-manager 1.36.
"""
