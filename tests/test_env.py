"""Settings: a bad value is one sentence that names the variable, the value and what is accepted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from reconcilerviz import env

ROOT = Path(__file__).resolve().parent.parent

BAD = [
    (env.MODE, "prod"),
    (env.SECRET_KEY, "short"),
    (env.TOKEN, "1234567"),
    (env.TOKEN, "with a space"),
    (env.TOKEN, "schlüssel-lang"),
    (env.VIEW_TOKEN, "x"),
    (env.ALLOWED_HOSTS, "*"),
    (env.ALLOWED_HOSTS, "viz.example.com,http://other"),
    (env.ALLOWED_HOSTS, "viz.example.com:8000"),
    (env.PUBLIC_URL, "viz.example.com"),
    (env.PUBLIC_URL, "https://viz.example.com/path"),
    (env.KINDS, "apps/Deployment/extra"),
    (env.DATABASE_URL, "mysql://db/viz"),
    (env.REDIS_URL, "localhost:6379"),
    (env.REDIS_URL, "http://cache:6379"),
    (env.WEBHOOK_ALLOW, "10.0.0.0/33"),
    (env.WEBHOOK_ALLOW, "http://hooks.internal"),
]


@pytest.mark.parametrize(("variable", "value"), BAD)
def test_bad_value_names_variable_value_and_what_is_accepted(variable: env.Variable[object], value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        variable.read({variable.name: value})
    message = str(caught.value)
    assert message.startswith(variable.name)
    assert variable.accepted in message
    assert (value not in message) if variable.secret else (value in message)


@pytest.mark.parametrize("variable", env.VARIABLES, ids=lambda variable: variable.name)
def test_every_variable_has_a_working_default_and_a_line_in_the_table(variable: env.Variable[object]) -> None:
    variable.read({})
    rows = re.findall(r"^\| `(RECONCILERVIZ_\w+)` \|(.*)\|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    line = dict(rows).get(variable.name)
    assert line is not None, f"docs/settings.md has no line for {variable.name}"
    assert variable.accepted in line
    assert variable.meaning in line
    assert len(rows) == len(env.VARIABLES)


@pytest.mark.parametrize("variable", env.VARIABLES, ids=lambda variable: variable.name)
def test_variables_are_read_in_one_place(variable: env.Variable[object]) -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("dashboard/**/*.py"), *ROOT.glob("reconcilerviz/*.py")]
        if re.search(rf"environ.*{variable.name}", path.read_text())
    ]
    assert readers == []
    assert (ROOT / "reconcilerviz/settings.py").read_text().count(".read(os.environ)") == len(env.VARIABLES)


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bad_value_stops_the_start_with_a_sentence() -> None:
    done = start(RECONCILERVIZ_MODE="staging")
    assert done.returncode != 0
    assert "RECONCILERVIZ_MODE is 'staging', but must be development or production" in done.stderr
    assert "Traceback" not in done.stderr


def test_production_refuses_to_start_without_a_secret_key() -> None:
    done = start(RECONCILERVIZ_MODE="production")
    assert done.returncode != 0
    assert "RECONCILERVIZ_SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr
    assert start(RECONCILERVIZ_MODE="production", RECONCILERVIZ_SECRET_KEY="k" * 40).returncode == 0


def test_the_two_tokens_must_differ() -> None:
    done = start(RECONCILERVIZ_TOKEN="one-token", RECONCILERVIZ_VIEW_TOKEN="one-token")
    assert done.returncode != 0
    assert "RECONCILERVIZ_VIEW_TOKEN equals RECONCILERVIZ_TOKEN" in done.stderr


def test_no_secret_key_is_committed() -> None:
    settings = (ROOT / "reconcilerviz/settings.py").read_text()
    assert not re.search(r"SECRET_KEY\s*=\s*[\"']", settings)
