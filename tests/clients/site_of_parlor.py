"""A Parlor of its own, and what every client needs to reach it: its address, people, and the table of doors."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

HERE = Path(__file__).parent
PASSWORD = "seven slow winter tyres"
ROOM = "workshop"
# Longer than any answer takes on a busy machine.
PATIENCE_SECS = 60


class Failed(Exception):
    """Something was not as it has to be."""


def expect(holds, what):
    if not holds:
        raise Failed(what)


def contains(value, part):
    """Whether `part` is in `value`: objects may have more fields, all else is the same."""
    if isinstance(part, dict) and isinstance(value, dict):
        return all(key in value and contains(value[key], wanted) for key, wanted in part.items())
    if isinstance(part, list) and isinstance(value, list):
        return len(value) == len(part) and all(contains(*pair) for pair in zip(value, part))
    return value == part


class Parlor:
    """The program on a folder and a port of its own. Settings are flags."""

    def __init__(self, *flags, listen="127.0.0.1:0"):
        program = os.environ.get("PARLOR_BIN")
        expect(program, "PARLOR_BIN is not set: name the parlor program to test, such as target/debug/parlor")
        self.folder = Path(tempfile.mkdtemp(prefix="parlor-clients-"))
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PARLOR_")}
        command = [program, "serve", "--data", self.folder / "data", "--listen", listen, *flags]
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, env=surroundings, text=True
        )
        self.printed = [self.process.stdout.readline() for _ in range(4)]
        listening = re.search(r"listening addr=socket://(\S+)", (self.folder / "log").read_text())
        expect(listening, f"it did not start: {self.printed} {(self.folder / 'log').read_text()}")
        self.address = listening[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Site:
    """Where clients find it. `address` is where they connect to, `certificate` whom they trust; both for a proxy."""

    def __init__(self, url, address=None, certificate=None):
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.base_path = parts.path
        self.host = parts.hostname
        self.address = address or parts.netloc
        self.certificate = certificate

    def curl(self, method, path, *options, token=None):
        """Status, headers and body, as `curl` gets them. `options` are its own."""
        host, port = self.address.rsplit(":", 1)
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", str(PATIENCE_SECS), "-X", method]
        command += ["--noproxy", "*", "--connect-to", f"::{host}:{port}", "-H", "Expect:"]
        if self.certificate:
            command += ["--cacert", self.certificate]
        if token:
            command += ["-H", f"Authorization: Bearer {token}"]
        answer = subprocess.run(
            [*map(str, command), *options, self.url + path], capture_output=True, timeout=PATIENCE_SECS
        )
        expect(answer.returncode == 0, f"curl {method} {path}: {answer.stderr.decode()}")
        return Answer(f"{method} {path}", answer.stdout)

    def post(self, path, body, *options, token=None):
        return self.curl(
            "POST", path, "-H", "Content-Type: application/json", "-d", json.dumps(body), *options, token=token
        )

    def socket_url(self, path):
        return self.url.replace("http", "ws", 1) + path


class Answer:
    def __init__(self, name, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.name = name
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for name, _, value in (line.partition(":") for line in lines[1:]):
            self.headers[name.lower()] = value.strip()

    def expect(self, status):
        expect(self.status == status, f"{self.name} answered {self.status}, not {status}: {self.body[:500]!r}")
        return self

    def json(self):
        return json.loads(self.body)


class Person:
    """Somebody with an account."""

    def __init__(self, site, name):
        self.site, self.name = site, name
        profile = {"name": name.capitalize()}
        account = {"email": f"{name}@example.com", "username": name, "password": PASSWORD, "profile": profile}
        self.id = site.post("/api/user/registration", account).expect(201).json()["id"]
        tokens = site.post("/api/auth", {"username": name, "password": PASSWORD}).expect(200).json()
        self.token = tokens["access"]
        signed_in = site.post("/api/session", {"login": name, "password": PASSWORD}, "-H", f"Origin: {site.origin}")
        self.set_cookie = signed_in.expect(201).headers["set-cookie"]
        self.cookie = self.set_cookie.split(";")[0]

    def joins(self, room):
        return self.site.curl(
            "PUT", f"/api/rooms/by-name/{room}", "-H", "Content-Type: application/json", "-d", "{}", token=self.token
        ).json()


class World:
    """Anna and Boris in one public room, and the table of doors with their names in it."""

    def __init__(self, site):
        self.site = site
        self.anna, self.boris = Person(site, "anna"), Person(site, "boris")
        room = self.anna.joins(ROOM)
        self.boris.joins(ROOM)
        self.names = {"room": ROOM, "room_id": room["id"], "anna": self.anna.id, "boris": self.boris.id}

    def table(self, kind, text):
        """The entries of one kind, `text` being what is said."""
        names = {**self.names, "text": text}

        def filled(value):
            if isinstance(value, str):
                return re.sub(r"\{(\w+)\}", lambda name: names[name[1]], value)
            if isinstance(value, dict):
                return {key: filled(inner) for key, inner in value.items()}
            return [filled(inner) for inner in value] if isinstance(value, list) else value

        return [filled(entry) for entry in json.loads((HERE / "doors.json").read_text())[kind]]


def report(name, tries):
    """Runs the named tries; the exit status says whether all were good."""
    failures = 0
    for what, action in tries:
        try:
            action()
            print(f"ok      {name}: {what}", flush=True)
        except Exception as error:
            failures += 1
            print(f"FAILED  {name}: {what}: {type(error).__name__}: {error}", flush=True)
    return failures


def main(tries_of):
    sys.exit(1 if tries_of() else 0)
