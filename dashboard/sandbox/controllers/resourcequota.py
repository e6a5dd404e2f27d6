"""The ResourceQuota loop and the admission rule beside it: what a namespace has used of what it may use.

Imitates `pkg/controller/resourcequota` and the ResourceQuota and LimitRanger admission plugins of Kubernetes 1.36.
"""
