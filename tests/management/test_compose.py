"""docker-compose.yml held to the product: services, commands, variables and what waits for what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from reconcilerviz import env
from reconcilerviz.celery import app

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "watch", "worker", "beat", "migrate")


def test_the_services_are_those_that_the_documents_name() -> None:
    assert set(SERVICES) == {"proxy", *OURS, "redis", "postgres"}
    text = (ROOT / "docs/processes.md").read_text()
    assert all(name in text for name in ("watch", "web", "worker", "beat", "migrate", "Redis", "PostgreSQL", "proxy"))


@pytest.mark.parametrize("service", OURS)
def test_commands_exist_and_take_their_options(service: str) -> None:
    command = SERVICES[service]["command"]
    if command[0] == "celery":
        assert command[1:3] == ["-A", "reconcilerviz"] and app.main == "reconcilerviz"
        assert command[3] == service
        return
    assert command[:2] == ["python", "manage.py"]
    name = command[2]
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.parse_args(command[3:])  # ends the test with its own words for an option that is none


@pytest.mark.parametrize("service", OURS)
def test_variables_are_declared_and_all_of_ours_are_passed_on(service: str) -> None:
    given = SERVICES[service]["environment"]
    declared = {each.name: each for each in env.VARIABLES}
    ours = {name for name in given if name.startswith("RECONCILERVIZ_")}
    assert ours == set(declared), "every setting can be given, and nothing else is"
    assert given["RECONCILERVIZ_MODE"] == "production"
    for name in ("RECONCILERVIZ_REDIS_URL", "RECONCILERVIZ_MODE", "RECONCILERVIZ_DATA"):
        declared[name].read(given)  # raises for a value that the product would refuse


def test_several_watch_and_any_number_show_behind_one_address() -> None:
    assert SERVICES["watch"]["deploy"]["replicas"] == 2
    assert SERVICES["web"]["deploy"]["replicas"] >= 2
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"], (
        "so that web can be scaled"
    )
    assert SERVICES["proxy"]["ports"] == ["127.0.0.1:8000:8000"], "loopback, and the port that browsers name in Origin"
    port = SERVICES["web"]["command"][-1]
    assert f"web {port}" in COMPOSE["configs"]["proxy"]["content"]


@pytest.mark.parametrize("service", OURS)
def test_ours_write_nowhere_and_wait_for_what_they_need(service: str) -> None:
    about = SERVICES[service]
    assert about["read_only"] and about["tmpfs"] == ["/tmp"]
    assert about["init"] and about["cap_drop"] == ["ALL"] and about["security_opt"] == ["no-new-privileges:true"]
    assert about["stop_grace_period"] == "30s"
    wanted = {"postgres": "service_healthy"} if service == "migrate" else {
        "redis": "service_healthy", "migrate": "service_completed_successfully",
    }  # fmt: skip
    assert {name: each["condition"] for name, each in about["depends_on"].items()} == wanted
    assert all(name in SERVICES for name in about["depends_on"])


def test_redis_refuses_what_does_not_fit_and_everything_can_be_asked_how_it_is() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--maxmemory") + 1].endswith("mb")
    assert [name for name, about in SERVICES.items() if "test" in about.get("healthcheck", {})] == [
        "web", "redis", "postgres",
    ]  # fmt: skip
    silent = {name for name in OURS if SERVICES[name]["healthcheck"] == {"disable": True}}
    assert silent == {*OURS} - {"web"}, "the image's own check asks a port that only web serves"
    waited = {name: {*about.get("depends_on", {})} for name, about in SERVICES.items()}
    assert waited["proxy"] == {"web"} and SERVICES["proxy"]["depends_on"]["web"]["condition"] == "service_healthy"


def test_every_image_has_a_version() -> None:
    foreign = {name: about["image"] for name, about in SERVICES.items() if name not in OURS}
    assert all(re.fullmatch(r"\w+:\d+(\.\d+)*-alpine", image) for image in foreign.values()), foreign
    assert re.search(r"^FROM python:3\.\d+-slim$", DOCKERFILE, re.MULTILINE)


def test_the_image_serves_as_nobody_in_particular_without_what_only_tests_need() -> None:
    lines = DOCKERFILE.splitlines()
    assert lines.index("USER 10001") < next(at for at, line in enumerate(lines) if line.startswith("CMD"))
    for set_ in ("UV_NO_DEV=1", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "RECONCILERVIZ_DATA=/data"):
        assert set_ in DOCKERFILE
    assert "manage.py vendor" in DOCKERFILE, "nothing is fetched at run time"
    check = SERVICES["web"]["healthcheck"]["test"][-1]
    assert check in DOCKERFILE, "Compose asks what the image asks"
    assert {"tests", ".*"} <= {*(ROOT / ".dockerignore").read_text().split()}


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("RECONCILERVIZ_SECRET_KEY", "RECONCILERVIZ_TOKEN", "POSTGRES_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text and f"${{{name}}}" not in text
