"""A Debian 12 that has nothing else, made once into the build folder (BUILD/debian-12), for tests that take a copy of it.

It needs root, debootstrap and Debian's archive: the one that this machine takes its own packages from, or DEBIAN_MIRROR.
"""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.parse

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
ROOT = pathlib.Path(__file__).parents[2]
SUITE = "bookworm"
MADE = BUILD / "debian-12"


def run(*words, stderr=subprocess.STDOUT, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=stderr, text=True, **options)
    assert done.returncode == 0, f"{' '.join(str(word) for word in words)}: {done.returncode}\n{done.stdout}{done.stderr or ''}"
    return done.stdout


def until(condition, what, patience=60):
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if result := condition():
            return result
        time.sleep(0.1)
    raise AssertionError(f"still waiting for: {what}")


def archive():
    """Where this machine's apt has the suite from; empty where it has it from nowhere."""
    if named := os.environ.get("DEBIAN_MIRROR"):
        return named
    known = run("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages") if shutil.which("apt-get") else ""
    return next((url for codename, url in map(str.split, known.splitlines()) if codename == SUITE), "")


def is_reached(url):
    try:
        where = urllib.parse.urlsplit(url)
        socket.create_connection((where.hostname, where.port or {"https": 443}.get(where.scheme, 80)), timeout=10).close()
        return True
    except OSError:
        return False


def is_made():
    return (MADE / "usr/bin/apt-get").exists()


def what_is_missing(*programs):
    """Why a test that needs a Debian and these programs cannot be run here; None if it can."""
    if os.geteuid() != 0:
        return "only root makes a root"
    for program in ("debootstrap", *programs):
        if not shutil.which(program):
            return f"{program} is not installed (scripts/packages)"
    if is_made():
        return None
    if not archive():
        return f"this machine has no archive of {SUITE}: DEBIAN_MIRROR names one"
    if not is_reached(archive()):
        return f"{archive()} is not reached"


def made_root():
    if not is_made():
        shutil.rmtree(MADE, ignore_errors=True)
        part = BUILD / "debian-12.part"
        shutil.rmtree(part, ignore_errors=True)
        run("debootstrap", "--variant=minbase", SUITE, part, archive())
        part.rename(MADE)
    return MADE


def made_packages():
    """infra's own, of build/package unless DEBS names another folder."""
    folder = os.environ.get("DEBS")
    if not folder:
        run("cmake", "--workflow", "--preset", "package", cwd=ROOT)
        folder = ROOT / "build/package"
    made = sorted(glob.glob(f"{folder}/*.deb"))
    assert len(made) == 2, made
    return made
