"""The Job loop: Pods that are meant to end, counted until enough of them succeeded or too many failed.

Imitates `pkg/controller/job` of kube-controller-manager 1.36: completions, parallelism, Indexed, backoffLimit and its
delays, activeDeadlineSeconds, suspend, the tracking finalizer and ttlSecondsAfterFinished.
"""
