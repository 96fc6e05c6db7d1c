#!/usr/bin/env python3
"""Tries packaging/nginx.conf and packaging/Caddyfile with the real programs, as a host of its own and below a path.

    PARLOR_BIN=target/debug/parlor tests/clients/proxies.py

The examples are used as they are, but for ports, the certificate (self-signed) and the folder of the salon's own pages.
It needs nginx and caddy (Debian: apt-get install nginx-light caddy), openssl, curl and Python's websockets.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import websockets

from drive import hears, open_socket, tries
from site_of_parlor import HERE, PATIENCE_SECS, Parlor, Site, World, expect, main, report

# Debian keeps servers where not everybody's PATH looks.
os.environ["PATH"] += os.pathsep + "/usr/sbin"
PACKAGING = HERE.parent.parent / "packaging"
OWN_HOST, SHARED_HOST = "chat.salon.example", "salon.example"
MIB = 1024 * 1024
# Where visitors come from. All of 127.0.0.0/8 is this machine; only 127.0.0.1 is the proxy's.
ANNAS_PHONE, BORIS_PHONE = "127.0.0.2", "127.0.0.3"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def replaced(text, *pairs):
    for old, new in pairs:
        expect(old in text, f"the example has no `{old}` any more")
        text = text.replace(old, str(new))
    return text


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=salon.example",
         "-addext", f"subjectAltName=DNS:{OWN_HOST},DNS:{SHARED_HOST}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )
    return folder / "cert.pem"


def nginx(folder, parlor, port):
    """The example inside the least that nginx needs around it."""
    example = replaced(
        (PACKAGING / "nginx.conf").read_text(),
        ("127.0.0.1:8000", parlor), ("listen 443", f"listen {port}"), ("listen 80;", f"listen {free_port()};"),
        ("/etc/ssl/parlor/fullchain.pem", folder / "cert.pem"), ("/etc/ssl/parlor/privkey.pem", folder / "key.pem"),
        ("/var/www/html", folder / "html"),
    )
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{example}\n}}\n"
    )
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]


def caddy(folder, parlor, port):
    example = replaced(
        (PACKAGING / "Caddyfile").read_text(),
        ("127.0.0.1:8000", parlor), ("# tls /etc", "tls /etc"), ("/etc/ssl/parlor/fullchain.pem", folder / "cert.pem"),
        ("/etc/ssl/parlor/privkey.pem", folder / "key.pem"), ("/var/www/html", folder / "html"),
    )
    options = f"{{\n admin off\n https_port {port}\n http_port {free_port()}\n}}\n"
    (folder / "Caddyfile").write_text(options + example)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


class Proxy:
    """A reverse proxy on a free port, in front of a Parlor."""

    def __init__(self, command_of, folder, parlor):
        (folder / "html").mkdir(exist_ok=True)
        (folder / "html/index.html").write_text("The salon's own pages")
        self.port = free_port()
        surroundings = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self.log = open(folder / "proxy.log", "w+")
        command = command_of(folder, parlor, self.port)
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=surroundings)
        deadline = time.monotonic() + PATIENCE_SECS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                self.log.seek(0)
                is_lost = self.process.poll() is not None or time.monotonic() > deadline
                expect(not is_lost, f"{command[0]} does not start: {self.log.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Setting:
    """A Parlor behind a proxy, and a window on both."""

    def __init__(self, site, direct):
        self.site, self.direct = site, direct
        self.world = World(site)

    @property
    def anna(self):
        return self.world.anna

    def signs_in_with_the_cookie(self):
        cookie, expected = self.anna.set_cookie, f"Path={self.site.base_path or '/'}"
        parts = cookie.split("; ")
        for part in ("HttpOnly", "Secure", "SameSite=Lax", expected):
            expect(part in parts, f"no {part} in {cookie}")
        answer = self.site.curl("GET", "/api/session", "-H", f"Cookie: {self.anna.cookie}").expect(200)
        expect(answer.json()["username"] == "anna", answer.body)
        expect("max-age" in answer.headers.get("strict-transport-security", ""), f"no HSTS: {answer.headers}")
        elsewhere = ["-H", f"Cookie: {self.anna.cookie}", "-H", "Origin: https://evil.example"]
        self.site.curl("DELETE", "/api/session", *elsewhere).expect(403)

    def pages_are_there(self):
        page = self.site.curl("GET", "/room/7", "-H", "Accept: text/html").expect(200).body.decode()
        places = [part for part in page.split('"') if part.startswith("/")]
        expect(places, page)
        for place in [self.site.base_path + "/docs/", self.site.base_path + "/openapi.json", *places]:
            expect(place.startswith(self.site.base_path + "/"), f"{place} is not below {self.site.base_path}")
            self.site.curl("GET", place.removeprefix(self.site.base_path)).expect(200)
        servers = self.site.curl("GET", "/openapi.json").expect(200).json()["servers"]
        expect(servers == [{"url": self.site.base_path or "/"}], servers)
        if self.site.base_path:
            outside = Site(self.site.origin, self.site.address, self.site.certificate)
            expect(outside.curl("GET", "/").expect(200).body == b"The salon's own pages", "the salon's own pages are gone")
            moved = outside.curl("GET", self.site.base_path).expect(308).headers["location"]
            expect(moved.endswith("/chat/"), moved)

    def opens_the_stream_with_the_cookie(self):
        async def talk():
            headers = {"Cookie": self.anna.cookie, "Origin": self.site.origin}
            async with open_socket(self.site, "/ws/chat/", headers) as stream:
                await hears(stream, {"type": "hello", "user": {"id": self.anna.id}})
                await stream.send(json.dumps({"type": "ping", "request_id": 1}))
                await hears(stream, {"type": "ack", "request_id": 1})

        asyncio.run(talk())

    def keeps_a_silent_socket(self):
        """Longer than any proxy waits, with nothing but the server's pings."""

        async def wait():
            async with open_socket(self.site, "/ws/chat/", {"Authorization": f"Bearer {self.anna.token}"}) as stream:
                await hears(stream, {"type": "hello"})
                await asyncio.sleep(100)
                await (await stream.ping())

        asyncio.run(wait())

    def refuses_sockets_of_other_sites(self):
        for origin in ("https://evil.example", "null", f"{self.site.origin}.evil.example", self.site.origin[:-1]):
            status = refusal(self.site, {"Cookie": self.anna.cookie, "Origin": origin})
            expect(status == 403, f"a socket of {origin} was answered with {status}")

    def takes_files(self):
        room = self.world.names["room_id"]
        with tempfile.TemporaryDirectory() as folder:
            for size, status in ((24 * MIB, 201), (26 * MIB, 413), (40 * MIB, 413)):
                path = Path(folder) / "film.bin"
                path.write_bytes(os.urandom(MIB) * (size // MIB))
                form = ["-F", "content=a film", "-F", f"file=@{path}"]
                answer = self.site.curl("POST", f"/api/rooms/{room}/messages", *form, token=self.anna.token)
                answer.expect(status)
                if status == 201:
                    place = answer.json()["file"]
                    expect(place.startswith("/media/"), f"not as documented: {place}")
                    read = self.site.curl("GET", place, "-H", f"Cookie: {self.anna.cookie}").expect(200)
                    expect(read.body == path.read_bytes(), "the file came back different")
            # Refused before the body was read: the answer gets through all the same.
            path.write_bytes(bytes(24 * MIB))
            self.site.curl("POST", f"/api/rooms/{room}/messages", "-F", f"file=@{path}").expect(401)

    def guess(self, site, login, address, *headers):
        """The status of a wrong password for this account from this address."""
        options = [part for header in headers for part in ("-H", header)]
        return site.post("/api/session", {"login": login, "password": "?"}, "--interface", address, *options).status

    def counts_by_the_visitors_address(self):
        """Eleven wrong passwords from one address, whatever it claims; another address is not concerned."""
        forged = [f"X-Forwarded-For: 198.51.100.{number}" for number in range(11)]
        tried = [self.guess(self.site, "nobody-1", ANNAS_PHONE, header) for header in forged]
        expect(tried == [401] * 10 + [429], f"from one address behind the proxy: {tried}")
        other = self.guess(self.site, "nobody-1", BORIS_PHONE)
        expect(other == 401, f"another address was answered with {other}")
        # Past the proxy, from an address that is no proxy.
        tried = [self.guess(self.direct, "nobody-2", ANNAS_PHONE, header) for header in forged]
        expect(tried == [401] * 10 + [429], f"forged without a proxy: {tried}")

    def believes_nobody_unless_told(self):
        """Without --trusted-proxy all visitors are the proxy, whatever the headers say."""
        tried = [self.guess(self.site, "nobody-1", f"127.0.0.{number + 2}") for number in range(11)]
        expect(tried == [401] * 10 + [429], f"from eleven addresses: {tried}")


def refusal(site, headers):
    """The status with which a socket is refused; 101 when it is not."""

    async def knock():
        try:
            async with open_socket(site, "/ws/chat/", headers):
                return 101
        except websockets.exceptions.InvalidHandshake as refused:
            return getattr(refused, "status_code", None) or refused.response.status_code

    return asyncio.run(knock())


def behind(command_of, is_patient):
    failures = 0
    for host, base_path in ((OWN_HOST, ""), (SHARED_HOST, "/chat")):
        for is_trusting in (True, False):
            with tempfile.TemporaryDirectory(prefix="parlor-proxy-") as name:
                failures += try_setting(command_of, Path(name), host, base_path, is_trusting, is_patient)
    return failures


def try_setting(command_of, folder, host, base_path, is_trusting, is_patient):
    certificate = make_certificate(folder)
    parlor_port = free_port()
    with Proxy(command_of, folder, f"127.0.0.1:{parlor_port}") as proxy:
        url = f"https://{host}:{proxy.port}{base_path}"
        flags = ["--public-url", url]
        flags += ["--trusted-proxy", "127.0.0.1"] if is_trusting else []
        with Parlor(*flags, listen=f"127.0.0.1:{parlor_port}") as parlor:
            expect(f"{url}/setup?token=" in parlor.printed[3], f"the set-up link is {parlor.printed[3]}")
            site = Site(url, f"127.0.0.1:{proxy.port}", certificate)
            setting = Setting(site, Site(f"http://{parlor.address}"))
            name = f"{command_of.__name__}, {base_path or 'own host'}"
            if not is_trusting:
                return report(name, [("nobody's word is taken", setting.believes_nobody_unless_told)])
            tried = [
                ("cookie over https", setting.signs_in_with_the_cookie),
                ("pages, Swagger UI, assets", setting.pages_are_there),
                ("event stream with cookie and Origin", setting.opens_the_stream_with_the_cookie),
                ("sockets of other sites", setting.refuses_sockets_of_other_sites),
                ("files", setting.takes_files),
                ("addresses of visitors", setting.counts_by_the_visitors_address),
                *tries(setting.world, ["websockets", "curl"]),
            ]
            if is_patient:
                tried.append(("a silent socket for 100 s", setting.keeps_a_silent_socket))
            return report(name, tried)


def all_proxies():
    missing = [program for program in ("nginx", "caddy", "openssl", "curl") if not shutil.which(program)]
    expect(not missing, f"missing: {', '.join(missing)}")
    is_patient = os.environ.get("PARLOR_PATIENT") == "1"
    return sum(behind(command_of, is_patient) for command_of in (nginx, caddy))


if __name__ == "__main__":
    main(all_proxies)
