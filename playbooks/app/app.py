"""A notebook: GET / tells the release and the notes in it, POST /notes adds one."""

import contextlib
import sqlite3

from flask import Flask, jsonify, request

import settings


def create_app(conf=None):
    conf = conf or settings.load()
    app = Flask(__name__)
    app.secret_key = conf["secret_key"]

    @contextlib.contextmanager
    def database():
        with contextlib.closing(sqlite3.connect(conf["database"], timeout=10)) as db, db:
            yield db

    @app.get("/")
    def index():
        with database() as db:
            (notes,) = db.execute("SELECT count(*) FROM note").fetchone()
        return jsonify(
            version=conf["version"],
            release=conf["release"],
            configured=bool(conf["secret_key"]),
            notes=notes,
        )

    @app.post("/notes")
    def add():
        with database() as db:
            db.execute("INSERT INTO note (body) VALUES (?)", (request.get_json()["body"],))
        return "", 201

    return app
