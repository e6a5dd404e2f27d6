"""docker-compose.yml held to the product: services, commands, variables and what waits for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from reconcilerviz import env
from reconcilerviz.celery import app

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
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
    wanted = {"postgres": "service_healthy"} if service == "migrate" else {
        "redis": "service_healthy", "migrate": "service_completed_successfully",
    }  # fmt: skip
    assert {name: each["condition"] for name, each in about["depends_on"].items()} == wanted
    assert all(name in SERVICES for name in about["depends_on"])


def test_redis_refuses_what_does_not_fit_and_everything_can_be_asked_how_it_is() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--maxmemory") + 1].endswith("mb")
    assert all("test" in SERVICES[name]["healthcheck"] for name in ("redis", "postgres"))


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("RECONCILERVIZ_SECRET_KEY", "RECONCILERVIZ_TOKEN", "POSTGRES_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text and f"${{{name}}}" not in text
