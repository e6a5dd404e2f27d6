"""The node lifecycle loop: taints for cordoned and lost nodes, and the eviction of what ran there.

Imitates `pkg/controller/nodelifecycle` and `pkg/controller/tainteviction` of kube-controller-manager 1.36.
"""
