"""Job and CronJob: the Job's conditions are its verdict; a CronJob is judged by its latest run."""

from __future__ import annotations

from dashboard.core.model import Cause, Verdict
from dashboard.core.objects import timestamp
from dashboard.core.subject import Finding, Subject, as_count, as_list


def job(subject: Subject) -> Finding:
    """Complete, Failed, Suspended as in https://kubernetes.io/docs/concepts/workloads/controllers/job/.

    `SuccessCriteriaMet` and `FailureTarget` precede `Complete` and `Failed` while Pods still end. kstatus calls a
    running Job done ('the Job has started'); here it is converging until it has succeeded.
    """
    for name in ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"):
        condition = subject.condition(name)
        if condition is None or condition.status != "True":
            continue
        if name == "Complete":
            return Finding(Verdict.CONVERGED, name, since=condition.since)
        if name == "SuccessCriteriaMet":
            cause = Cause("succeeded, its last Pods are ending", reason=name)
            return Finding(Verdict.CONVERGING, "Finishing", cause, condition.since)
        cause = _gave_up(subject, condition.reason, condition.message)
        return Finding(Verdict.STALLED, condition.reason or "Failed", cause, condition.since)
    want = as_count(subject.spec.get("completions"), 1)
    sentence = f"{subject.count('succeeded')} of {want} succeeded, {subject.count('active')} active"
    failed = subject.count("failed")
    if failed:
        sentence += f", {failed} failed"
    return Finding(Verdict.CONVERGING, "Running", Cause(sentence), timestamp(subject.status.get("startTime")))


def cron_job(subject: Subject) -> Finding:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/: the last run's result.

    A run that is neither active nor the last success has failed; without any success yet, there is nothing to tell.
    """
    scheduled = timestamp(subject.status.get("lastScheduleTime"))
    succeeded = timestamp(subject.status.get("lastSuccessfulTime"))
    active = len(as_list(subject.status.get("active")))
    if active:
        return Finding(Verdict.CONVERGED, "Running")
    if scheduled is not None and succeeded is not None and succeeded < scheduled:
        return Finding(Verdict.STALLED, "LastRunFailed", Cause("the last scheduled run did not succeed"), scheduled)
    return Finding(Verdict.CONVERGED, "Scheduled")


def _gave_up(subject: Subject, reason: str, message: str) -> Cause:
    failed = subject.count("failed")
    if reason == "BackoffLimitExceeded":
        limit = as_count(subject.spec.get("backoffLimit"), 6)
        return Cause(f"{failed} failed, more than its back-off limit of {limit}", reason=reason)
    if reason == "DeadlineExceeded":
        return Cause(f"ran longer than its {as_count(subject.spec.get('activeDeadlineSeconds'))} s", reason=reason)
    return Cause(message or f"{failed} failed", reason=reason)
