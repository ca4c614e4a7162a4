"""What the application is told: config.ini, which is a vault until a release is made of it."""

import configparser
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def load(path=HERE / "config.ini"):
    ini = configparser.ConfigParser()
    try:
        ini.read(path)
    except configparser.Error:
        ini = configparser.ConfigParser()  # a checkout: the file is encrypted still
    return {
        "version": (HERE / "VERSION").read_text().strip(),
        "release": HERE.name,
        "secret_key": ini.get("app", "secret_key", fallback=""),
        "database": HERE / ini.get("app", "database", fallback="notes.db"),
    }
