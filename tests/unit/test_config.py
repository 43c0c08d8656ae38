"""Settings: from the file, the environment and the command line, each stronger than the one before."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from depesche.config import Settings, load

FILE = """
data = "from-file"
first_job_id = 1000
sandbox = true

[web]
port = 9000
trusted_proxies = ["10.0.0.0/8", "::1"]

[dispatch]
retry_minutes = [2, 4]
"""


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("DEPESCHE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "depesche.toml"
    path.write_text(FILE)
    return path


def test_everything_has_a_default() -> None:
    settings = load()
    assert settings.model_dump() == Settings().model_dump()
    assert settings.data == Path("data")
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)
    assert (settings.first_job_id, settings.first_fax_id) == (1, 1)
    assert settings.sandbox is False


def test_defaults_keep_the_contract() -> None:
    settings = load()
    assert list(settings.dispatch.retry_minutes) == [1, 5, 10]
    assert settings.dispatch.sandbox_speed == 60
    assert settings.accounts.double_minutes == 5
    assert settings.soap.max_seconds == 25
    assert settings.render.seconds < settings.soap.max_seconds
    assert settings.timezone == "Europe/Berlin"


@pytest.mark.parametrize("days", [-1, 36_501])
def test_nothing_is_kept_for_less_than_no_time_or_for_more_than_a_hundred_years(days: int) -> None:
    assert load(retention={"record_days": 0}).retention.record_days == 0
    with pytest.raises(ValidationError, match="record_days"):
        load(retention={"record_days": days})


def test_the_file_changes_what_it_names_and_nothing_else(file: Path) -> None:
    settings = load(file)
    assert settings.data == Path("from-file")
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 9000)
    assert [str(network) for network in settings.web.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert list(settings.dispatch.retry_minutes) == [2, 4]
    assert settings.first_job_id == 1000


def test_the_environment_is_stronger_than_the_file_value_by_value(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_WEB__PORT", "9001")
    monkeypatch.setenv("DEPESCHE_SANDBOX", "false")
    settings = load(file)
    assert settings.web.port == 9001
    assert [str(network) for network in settings.web.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.sandbox is False


def test_the_command_line_is_stronger_than_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_DATA", "from-environment")
    assert load(file).data == Path("from-environment")
    assert load(file, data=Path("given")).data == Path("given")
    assert load(file, web={"port": 1}).web.port == 1
    assert len(load(file, web={"port": 1}).web.trusted_proxies) == 2


def test_one_file_is_not_remembered_for_the_next_call(file: Path) -> None:
    assert load(file).first_job_id == 1000
    assert load().first_job_id == 1


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.toml"):
        load(tmp_path / "missing.toml")


@pytest.mark.parametrize("text", ["prot = 1", "[web]\nprot = 1", "[wep]\nport = 1"])
def test_a_setting_that_does_not_exist_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "depesche.toml"
    path.write_text(text)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        load(path)


@pytest.mark.parametrize(
    "given",
    [
        {"web": {"port": 65536}},
        {"web": {"port": -1}},
        {"web": {"sessions": 0}},
        {"web": {"trusted_proxies": ["everybody"]}},
        {"first_job_id": 0},
        {"first_job_id": 2**31},
        {"first_fax_id": 2**63},
        {"dispatch": {"retry_minutes": []}},
        {"dispatch": {"lease_seconds": 0}},
        {"dispatch": {"sandbox_speed": 0}},
        {"render": {"sandbox": "maybe"}},
        {"render": {"pages": 0}},
        {"accounts": {"double_minutes": -1}},
        {"accounts": {"wrong_passwords": 0}},
        {"dispatch": {"orphan_days": 0.9}},
        {"dispatch": {"sweep_hours": 0}},
        {"blobs": {"url": "s3://"}},
        {"blobs": {"url": "s3://ab"}},
        {"blobs": {"url": "s3://Bucket"}},
        {"blobs": {"url": "s3://bucket//prefix"}},
        {"blobs": {"url": "s3://bucket/../prefix"}},
        {"blobs": {"url": "file:///var/lib"}},
        {"blobs": {"endpoint": "s3.example.com"}},
        {"blobs": {"endpoint": "https://user:word@s3.example.com"}},
        {"blobs": {"endpoint": "http://s3.example.com"}},
        {"blobs": {"access_key": "name"}},
        {"blobs": {"secret_key": "key"}},
        {"blobs": {"seconds": 0}},
        {"timezone": "Europe/Atlantis"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load(**given)


def test_settings_do_not_change_once_they_are_loaded() -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.data = Path("elsewhere")
    with pytest.raises(ValidationError, match="frozen"):
        settings.web.port = 1


def test_every_setting_says_what_it_means() -> None:
    def undescribed(model: type[BaseModel], prefix: str) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += undescribed(kind, f"{prefix}{name}.")
            elif not field.description:
                found.append(prefix + name)
        return found

    assert undescribed(Settings, "") == []


@pytest.mark.parametrize(
    "url", ["", "s3://bucket", "s3://bucket/", "s3://my.bucket-1/prefix", "s3://bucket/a/b_c/D.e/"]
)
def test_a_bucket_may_have_a_prefix(url: str) -> None:
    assert load(blobs={"url": url}).blobs.url == url


def test_documents_travel_without_encryption_only_if_that_is_said() -> None:
    blobs = {"endpoint": "http://127.0.0.1:9000", "allow_http": True}
    assert load(blobs=blobs).blobs.endpoint == "http://127.0.0.1:9000"


def test_an_orphan_is_older_than_the_slowest_order() -> None:
    with pytest.raises(ValidationError, match=r"orphan_days \(7\) must be more than 12\.4"):
        load(web={"pace": 500})
    assert load(web={"pace": 500}, dispatch={"orphan_days": 13}).web.pace == 500
    assert load(soap={"max_body": 1 << 20}, dispatch={"orphan_days": 1}).dispatch.orphan_days == 1


def test_a_secret_is_shown_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_BLOBS__SECRET_KEY", "geheim")
    with pytest.raises(ValidationError) as caught:
        load()
    assert "geheim" not in str(caught.value)
    monkeypatch.setenv("DEPESCHE_BLOBS__ACCESS_KEY", "name")
    settings = load()
    assert settings.blobs.secret_key.get_secret_value() == "geheim"
    assert "geheim" not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
