"""What is not one page's cost: memory after many requests, the first visit's bytes, and nginx in front with its cache."""

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import client, processes, servers
from .client import request
from .targets import SIZES, Measure, Run

EARLY, MANY = 2_000, 10_000
PROXIED = 4_000
ROUNDS = 5
NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_cookie $own {{ default ""; "~__Host-session=" 1; "~messages=" 1; }}
  proxy_cache_path {folder}/cache keys_zone=pages:10m;
  server {{
    listen 127.0.0.1:{port};
    location = /static.html {{ root {folder}; }}
    location / {{
      proxy_pass http://127.0.0.1:{site};
      proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;
      proxy_cache pages; proxy_cache_lock on; proxy_cache_revalidate on;
      proxy_cache_bypass $own; proxy_no_cache $own;
    }}
  }}
}}
"""


def all_of(run: Run, found: dict[str, servers.Server]) -> None:
    """Everything here, into the run."""
    site = found[f"site {SIZES[-1]}"]
    first_visit(run, site)
    behind_nginx(run, site)
    memory(run, found)


def memory(run: Run, found: dict[str, servers.Server]) -> None:
    """Memory of two workers: after 2,000 requests and after 10,000 more, of every kind of page in turn."""
    site = found[f"site {SIZES[-1]}"]
    about = site.about
    kinds = [
        request("GET", about["list"]),
        *(request("GET", address) for address in about["detail"]),
        request("GET", about["home"]),
        *(request("GET", f"{about['list']}?page={n}") for n in range(2, 40)),
        request("GET", about["workspace"], about["supplier"]),
    ]
    plain = [request("GET", path) for path in ("/list/", "/cached/", "/detail/1/", "/detail/2/")]
    for name, server, asked in (("reference", found["reference"], plain), ("site", site, kinds)):
        client.ask_all(server.port, [asked[n % len(asked)] for n in range(EARLY)])
        early = processes.pss_mib(server.process)
        client.ask_all(server.port, [asked[n % len(asked)] for n in range(MANY - EARLY)])
        run.memory[name] = (early, processes.pss_mib(server.process))


def first_visit(run: Run, site: servers.Server) -> None:
    """Bytes of the list and of everything that it loads, as they are sent, compressed; and what could set a cookie."""
    kept = servers.FOLDER / "static"
    status, headers, body = client.ask(site.port, request("GET", site.about["list"]))
    text = body.decode()
    total = page = len(gzip.compress(body, 6))
    scripts = len(re.findall(r"<script(?! type=\"application/ld)", text))
    loaded = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    for sheet in [address for address in loaded if address.endswith(".css")]:
        words = (kept / sheet.removeprefix("/static/")).read_text()
        folder = sheet.rsplit("/", 1)[0]
        loaded |= {f"{folder}/{name}" for name in re.findall(r'url\("?([^")]+\.woff2)"?\)', words)}
    for address in loaded:
        accept = {"Accept-Encoding": "gzip"}
        total += len(client.ask(site.port, request("GET", address, accept))[2])
    vary = headers.get("vary", "").lower()
    run.facts |= {
        "first visit, bytes": total,
        "list, compressed bytes": page,
        "scripts": scripts,
        "cookies": int("set-cookie" in headers or "cookie" in vary),
    }


@contextmanager
def nginx(site: servers.Server) -> Iterator[tuple[int, int]]:
    """nginx before the site with the cache of docs/operations.md: its port and process."""
    folder = servers.FOLDER / "nginx"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = servers.free_port()
    page = client.ask(site.port, request("GET", site.about["list"]))[2]
    (folder / "static.html").write_bytes(page)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, site=site.port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    # As root nginx gives its workers to another user, who may not be able to read the folder.
    command = [program, "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.log")]
    command += ["-g", "user root;"] if os.geteuid() == 0 else []
    started = subprocess.Popen(command)
    try:
        servers.await_answer(port, "/static.html", started)
        yield port, started.pid
    finally:
        servers.stop(started)


def behind_nginx(run: Run, site: servers.Server) -> None:
    """The list from nginx's ten-second cache, against a static file of the same size: in turn, medians of five."""
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()):
        return
    static = Measure("nginx: static file")
    cached = Measure("nginx: list, ten-second cache", against=static.label)
    with nginx(site) as (port, process):
        pages = ((static, "/static.html"), (cached, site.about["list"]))
        for turn in range(ROUNDS + 1):
            for measure, path in pages:
                meter = servers.Meter(process, site.process)
                answers = client.ask_all(port, [request("GET", path)] * PROXIED)
                measure.statuses |= set(answers.statuses)
                if turn:
                    measure.costs.append(1000 * meter.seconds() / PROXIED)
                    measure.seconds += answers.seconds
                    measure.bytes = len(answers.body)
                    measure.compressed = len(gzip.compress(answers.body, 6))
    run.measures |= {measure.name: measure for measure in (static, cached)}
