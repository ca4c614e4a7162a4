"""Run by the CI job before it deploys: `pytest`."""

import pytest

import migrate
import settings
from app import create_app


@pytest.fixture
def client(tmp_path):
    conf = settings.load() | {"database": tmp_path / "notes.db"}
    migrate.migrate(conf["database"])
    return create_app(conf).test_client()


def test_index_tells_the_version(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.json["version"] == settings.load()["version"]
    assert answer.json["notes"] == 1


def test_a_note_is_kept(client):
    assert client.post("/notes", json={"body": "second"}).status_code == 201
    assert client.get("/").json["notes"] == 2


def test_migrations_apply_once(tmp_path):
    database = tmp_path / "notes.db"
    assert migrate.migrate(database) == ["001_notes.sql", "002_when.sql"]
    assert migrate.migrate(database) == []
