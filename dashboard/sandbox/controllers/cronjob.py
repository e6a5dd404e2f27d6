"""The CronJob loop: a Job for each time that a five-field schedule names.

Imitates `pkg/controller/cronjob` of kube-controller-manager 1.36: suspend, concurrencyPolicy,
startingDeadlineSeconds and history limits.
"""
