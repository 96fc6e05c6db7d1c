#!/usr/bin/env python3
"""Drives every door of a Parlor with programs that others wrote: Python's websockets, wscat, websocat, curl.

    PARLOR_BIN=target/debug/parlor tests/clients/drive.py

What is said at which address, and what is heard, is in doors.json. A program that is not installed fails the run, except
websocat, which Debian does not have.
"""

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from functools import partial
from pathlib import Path

import websockets

from site_of_parlor import HERE, PATIENCE_SECS, Failed, Parlor, Site, World, contains, expect, main, report


def open_socket(site, path, headers):
    """A socket of Python's `websockets`; the name of the argument for headers changed with version 14."""
    is_new = int(websockets.__version__.split(".")[0]) >= 14
    host, port = site.address.rsplit(":", 1)
    options = {"host": host, "port": int(port), "additional_headers" if is_new else "extra_headers": headers}
    if site.certificate:
        options["ssl"] = ssl.create_default_context(cafile=site.certificate)
        options["server_hostname"] = site.host
    return websockets.connect(site.socket_url(path), **options)


async def hears(socket, part):
    """The first frame that has this in it."""
    heard = []
    try:
        while True:
            heard.append(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECS)))
            if contains(heard[-1], part):
                return heard[-1]
    except asyncio.TimeoutError:
        raise Failed(f"never heard {part}, but {heard}") from None


def by_python(world, first, second):
    """Two people at one address; what one says, both hear. That Boris has been heard says that he is there."""

    async def talk():
        headers = [{"Authorization": f"Bearer {person.token}"} for person in (world.boris, world.anna)]
        async with open_socket(world.site, first["path"], headers[0]) as boris:
            await (await boris.ping())
            await boris.send(json.dumps(first["says"]))
            await hears(boris, first["hears"])
            async with open_socket(world.site, second["path"], headers[1]) as anna:
                await anna.send(json.dumps(second["says"]))
                await hears(anna, second["hears"])
                if "others_hear" in second:
                    await hears(boris, second["others_hear"])

    asyncio.run(talk())


class Program:
    """A client program that says one thing, stays connected, and prints what it hears."""

    def __init__(self, command, stdin=""):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.process.stdin.write(stdin)
        self.process.stdin.flush()
        self.deadline = threading.Timer(PATIENCE_SECS, self.process.kill)
        self.deadline.start()
        self.printed = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.deadline.cancel()
        self.process.kill()
        self.process.communicate()

    def hears(self, part):
        for line in self.process.stdout:
            self.printed.append(line)
            try:
                frame = json.loads(line[line.index("{"):])
            except ValueError:
                continue
            if contains(frame, part):
                return
        raise Failed(f"never heard {part}, but printed {''.join(self.printed)}")


def by_program(start):
    """The same with two windows of a program."""

    def talk(world, first, second):
        url = world.site.socket_url(first["path"])
        with start(url, world.boris.token, json.dumps(first["says"])) as boris:
            boris.hears(first["hears"])
            with start(url, world.anna.token, json.dumps(second["says"])) as anna:
                anna.hears(second["hears"])
                if "others_hear" in second:
                    boris.hears(second["others_hear"])

    return talk


def wscat(url, token, frame):
    # What it is given on its input before it is connected is lost; what it is told to execute is not.
    command = [wscat_program(), "--connect", url, "--header", f"Authorization: Bearer {token}"]
    return Program([*command, "--execute", frame, "--wait=-1"])


def websocat(url, token, frame):
    return Program(["websocat", f"{url}?token={token}"], frame + "\n")


def wscat_program():
    own = HERE / "node_modules/.bin/wscat"
    return str(own) if own.exists() else shutil.which("wscat")


def by_curl(world, entry):
    options = []
    if "json" in entry:
        options += ["-H", "Content-Type: application/json", "-d", json.dumps(entry["json"])]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "notes.txt").write_text("Brake discs: 2\n")
        for name, value in entry.get("form", {}).items():
            options += ["-F", f"{name}={value.replace('@', f'@{folder}/')}"]
        answer = world.site.curl(entry["method"], entry["path"], *options, token=world.anna.token)
    answer.expect(entry["status"])
    if "answers" in entry:
        expect(contains(answer.json(), entry["answers"]), f"{answer.json()} has no {entry['answers']}")


def tries(world, names):
    """Every door by every client named: pairs of what is tried and how."""
    clients = {"websockets": by_python, "wscat": by_program(wscat), "websocat": by_program(websocat)}
    for client, talk in clients.items():
        if client in names:
            texts = [f"Boris is here with {client}", f"hello from {client}"]
            for first, second in zip(*(world.table("sockets", text) for text in texts)):
                yield f"{client} at {first['path']}", partial(talk, world, first, second)
    if "curl" in names:
        for entry in world.table("requests", "hello from curl"):
            yield f"curl {entry['method']} {entry['path']}", partial(by_curl, world, entry)


def drive():
    expect(wscat_program(), f"wscat is missing: npm ci --prefix {os.path.relpath(HERE)}")
    names = ["websockets", "wscat", "curl"] + (["websocat"] if shutil.which("websocat") else [])
    with Parlor() as parlor:
        return report("plain", tries(World(Site(f"http://{parlor.address}")), names))


if __name__ == "__main__":
    main(drive)
