"""systemd units, Dockerfile and compose.yaml, checked as far as that goes without systemd running or an engine."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

UNITS = ["cli", "curl"]
JOBS = {"process": "*-*-* 03:00:00", "trigger": "*-*-* 03:05:00", "hunt-labels": "Sun *-*-* 02:00:00"}


def _unit(path):
    sections, section = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section[key] = value
    return sections


@pytest.mark.parametrize("form", UNITS)
@pytest.mark.parametrize("job", JOBS)
def test_each_job_has_a_timer_at_its_time(project, form, job):
    folder = project / "deploy" / "systemd" / form
    timer, service = _unit(folder / f"enrich-{job}.timer"), _unit(folder / f"enrich-{job}.service")

    assert timer["Timer"]["OnCalendar"] == JOBS[job]
    assert timer["Timer"]["Unit"] == f"enrich-{job}.service"
    assert timer["Timer"]["Persistent"] == "true"
    assert service["Service"]["Type"] == "oneshot"
    assert ("curl" in service["Service"]["ExecStart"]) == (form == "curl")
    assert job in service["Service"]["ExecStart"]


@pytest.mark.parametrize("form", UNITS)
def test_systemd_finds_no_fault_in_the_units(project, tmp_path, form):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    api = project / "deploy" / "systemd" / "enrich-api.service"
    files = []
    for path in [*(project / "deploy" / "systemd" / form).iterdir(), api]:
        # The programs and the user of an installation are not here: stand-ins, all else as it is.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE)
        text = re.sub(r"^(User|WorkingDirectory)=.*$", "", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
        files.append(str(tmp_path / path.name))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False, timeout=60
    )
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "enrich-" in line]
    assert about_ours == []
    for time in JOBS.values():
        calendar = subprocess.run(["systemd-analyze", "calendar", time], capture_output=True, text=True, check=False)
        assert calendar.returncode == 0, calendar.stderr


@pytest.fixture(scope="module")
def compose(project):
    return yaml.safe_load((project / "deploy" / "compose.yaml").read_text())


def test_compose_has_what_the_specification_calls(project, compose):
    services = compose["services"]
    assert {"postgres", "metadata-enrichment"} <= set(services)
    assert services["postgres"]["image"].startswith("postgres:17")
    assert services["postgres"]["environment"]["POSTGRES_DB"] == "musicdb"
    assert services["postgres"]["environment"]["POSTGRES_USER"] == "musicdb_user"
    (migrations,) = [v for v in services["postgres"]["volumes"] if "/migrations" in v]
    source = (project / "deploy" / migrations.split(":")[0]).resolve()
    assert (source / "008_cooldown_queue_up.sql").is_file()


def test_compose_keeps_secrets_out_and_others_away(compose):
    api = compose["services"]["metadata-enrichment"]
    assert api["environment"]["ENRICH_API_TOKEN"].startswith("${ENRICH_API_TOKEN:?")
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert all(port.startswith("127.0.0.1:") for port in api["ports"])
    assert "ports" not in compose["services"]["postgres"]
    assert int(api["stop_grace_period"].rstrip("s")) >= 30 + 15
    for service in ("postgres", "metadata-enrichment"):
        assert compose["services"][service]["healthcheck"]["test"]
    for used in [
        v.split(":")[0] for s in compose["services"].values() for v in s.get("volumes", []) if v[0] not in "./"
    ]:
        assert used in compose["volumes"]
    for name, service in compose["services"].items():
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in compose["services"], name
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][needed]


def test_compose_settings_are_settings(compose):
    from enrich.settings import Settings

    known = {f"ENRICH_{name.upper()}" for name in Settings.model_fields}
    for service in compose["services"].values():
        given = {key for key in service.get("environment", {}) if key.startswith("ENRICH_")}
        assert given <= known


@pytest.fixture(scope="module")
def dockerfile(project):
    text = (project / "deploy" / "Dockerfile").read_text()
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def test_dockerfile_copies_what_is_there_and_runs_as_nobody_special(project, dockerfile):
    words = [word for word, _ in dockerfile]
    for word, rest in dockerfile:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert [s for s in sources if not (project / s).exists()] == []
        if word == "FROM":
            tag = rest.split()[0].partition(":")[2]
            assert re.match(r"\d", tag), f"{rest}: no pinned tag"
    last_user = [rest for word, rest in dockerfile if word == "USER"][-1]
    assert last_user not in ("root", "0")
    assert words.index("USER") < words.index("CMD")
    assert "HEALTHCHECK" in words
    assert any("--constraint requirements.txt" in rest for word, rest in dockerfile if word == "RUN")
    ignored = (project / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert not any(".env" in line for line in ignored if line.startswith("!"))


def test_requirements_pin_every_package_of_the_api(project):
    import tomllib

    pinned = {
        re.split(r"[=\[;]", line)[0].strip().lower().replace("_", "-")
        for line in (project / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    project_file = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    wanted = project_file["dependencies"] + project_file["optional-dependencies"]["api"]
    names = {re.split(r"[>=<\[;]", line)[0].strip().lower().replace("_", "-") for line in wanted}
    assert names - pinned == set()


def test_no_registry_is_named(project):
    for path in [p for p in (project / "deploy").rglob("*") if p.is_file()]:
        assert not re.search(r"docker\.io|ghcr\.io|quay\.io|pypi|registry\.", path.read_text()), path
