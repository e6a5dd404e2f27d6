"""Job: completions ↔ succeeded."""

from __future__ import annotations

from dashboard.core.sheet import Dated, Sheet
from dashboard.core.subject import as_count


def job(sheet: Sheet) -> None:
    """Without a number of completions (a work queue) one success is enough:
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#parallel-jobs ."""
    want, done = as_count(sheet.spec.get("completions"), 1), sheet.count("succeeded")
    started: Dated = (sheet.created, False)
    sheet.add("completions", "spec.completions", want, done, done < want, dated=started)
    failed = sheet.condition("Failed")
    if failed is not None and failed.get("status") == "True":
        sheet.wants("Failed", "False")
