#!/usr/bin/env python3
"""The Debian packages in a Debian 12 that has nothing else: installed, used, booted and purged. Takes minutes: for ./test --long.

    BUILD=build/dev python3 clean_debian_test.py [Class[.test]]       makes them in build/package; or DEBS=folder

A root is made once, into BUILD/debian-12; each class works in a copy. It needs root, debootstrap and Debian's archive: the one that
this machine takes its own packages from, or DEBIAN_MIRROR.
"""

import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.parse

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
ROOT = pathlib.Path(__file__).parents[2]
SUITE = "bookworm"


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, f"{' '.join(str(word) for word in words)}: {done.returncode}\n{done.stdout}"
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


def what_is_missing():
    if "INFRA_TEST_LONG" not in os.environ and "DEBS" not in os.environ:
        return "takes minutes: ./test --long"
    if os.geteuid() != 0:
        return "only root makes a root"
    for program in ("debootstrap", "systemd-nspawn"):
        if not shutil.which(program):
            return f"{program} is not installed (scripts/packages)"
    if (BUILD / "debian-12/usr/bin/apt-get").exists():
        return None
    if not archive():
        return f"this machine has no archive of {SUITE}: DEBIAN_MIRROR names one"
    if not is_reached(archive()):
        return f"{archive()} is not reached"


def made_packages():
    folder = os.environ.get("DEBS")
    if not folder:
        run("cmake", "--workflow", "--preset", "package", cwd=ROOT)
        folder = ROOT / "build/package"
    made = sorted(glob.glob(f"{folder}/*.deb"))
    assert len(made) == 2, made
    return made


def setUpModule():
    global packages
    if missing := what_is_missing():
        raise unittest.SkipTest(missing)
    packages = made_packages()
    base = BUILD / "debian-12"
    if not (base / "usr/bin/apt-get").exists():
        shutil.rmtree(base, ignore_errors=True)
        part = BUILD / "debian-12.part"
        shutil.rmtree(part, ignore_errors=True)
        run("debootstrap", "--variant=minbase", SUITE, part, archive())
        part.rename(base)


class Debian(unittest.TestCase):
    """A root of its own, in which programs are run by nspawn: what they mount, and whom they start, ends with them."""

    @classmethod
    def setUpClass(cls):
        cls.root = BUILD / f"debian-12-{cls.__name__.lower()}"
        shutil.rmtree(cls.root, ignore_errors=True)
        run("cp", "-a", "--reflink=auto", BUILD / "debian-12", cls.root)
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        for package in packages:
            shutil.copy(package, cls.root / "root")
        cls.inside("apt-get update -q")

    @classmethod
    def nspawn(cls, *words):
        return ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--resolv-conf=copy-host", "-D", str(cls.root), *words]

    @classmethod
    def inside(cls, command):
        return run(*cls.nspawn("--setenv=DEBIAN_FRONTEND=noninteractive", "--pipe", "sh", "-ec", command), stdin=subprocess.DEVNULL)

    @classmethod
    def install(cls, *names):
        cls.inside(f"apt-get install -q -y --no-install-recommends {' '.join(names)}")


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("lintian"):
            raise unittest.SkipTest("lintian is not installed (scripts/packages)")

    def test_lintian_finds_nothing(self):
        # Nobody uploads them to Debian: there is no bug to close, and no address to write to.
        of_an_upload = "bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs"
        run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", of_an_upload, *packages)

    def test_nobody_learns_where_they_were_built(self):
        for package in packages:
            text = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
            self.assertNotIn(str(ROOT).encode(), text)


class Users(Debian):
    """What the README says: install the packages, and build with what they bring."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.before = cls.files()
        cls.inside("apt-get install -q -y /root/*.deb")
        cls.install("cmake", "ninja-build", "pkg-config")
        shutil.copytree(ROOT / "tests/consumers", cls.root / "root/consumers")

    @classmethod
    def files(cls):
        return {path for path in cls.inside("find /usr -name '*infra*'").split("\n")}

    def test_programs_find_all_that_they_need_by_cmake(self):
        for project in ("one_component", "all_components"):
            self.inside(f"cd /root && cmake -G Ninja -S consumers/{project} -B {project} -DCMAKE_CXX_COMPILER=clang++-19"
                        f" && cmake --build {project} && cd {project} && ./consumer")

    def test_and_by_pkg_config(self):
        self.inside("/root/consumers/pkg_config/build_and_run /usr /root/by_pkg_config clang++-19 ''")

    def test_the_compiler_of_debian_12_is_refused_with_the_way_out(self):
        self.install("g++")
        said = self.inside("CXX=g++ cmake -S /root/consumers/one_component -B /root/refused 2>&1 || true")
        self.assertIn("apt-get install clang-19", re.sub(r"\s+", " ", said))

    def test_the_command_runs(self):
        self.assertRegex(self.inside("infra version"), r"^infra \d")

    def test_the_command_has_a_page(self):
        self.install("man-db")
        self.assertIn("INFRA(1)", self.inside("man infra").upper())

    def test_when_they_are_purged_nothing_stays(self):
        self.inside("apt-get purge -q -y libinfra-dev infra-tools")
        self.assertEqual(self.files(), self.before)


class Booted(Debian):
    """systemd as the first process, and the starter under its unit, with a network that leads nowhere."""

    url = "http://127.0.0.1:3000"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.install("systemd", "systemd-sysv", "dbus", "tzdata", "/root/infra-tools*.deb")
        shutil.copy(os.environ["STARTER"], cls.root / "usr/local/bin/starter")
        shutil.copy(cls.root / "usr/share/infra/packaging/systemd/starter.service", cls.root / "etc/systemd/system")
        cls.bring_pages()
        boot = cls.nspawn("--private-network", "-b", "--console=pipe")
        with open(BUILD / "debian-12-booted.log", "w") as console:
            cls.machine = subprocess.Popen(boot, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        cls.addClassCleanup(cls.machine.wait)
        cls.addClassCleanup(cls.machine.kill)
        cls.first = until(lambda: cls.children(cls.machine.pid), "systemd to be started")[0]
        cls.addClassCleanup(os.kill, int(cls.first), 9)
        until(lambda: "running" in cls.ask("systemctl is-system-running || true"), "systemd to be up")

    @classmethod
    def bring_pages(cls):
        """The starter's pages are read from where it was built, which may be somebody's home."""
        pages = ROOT / "examples/starter"
        shutil.copytree(pages, cls.root / str(pages).lstrip("/"))
        (cls.root / "root").chmod(0o755)
        (cls.root / "etc/systemd/system/starter.service.d").mkdir()
        (cls.root / "etc/systemd/system/starter.service.d/pages.conf").write_text("[Service]\nProtectHome=read-only\n")

    @staticmethod
    def children(pid):
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    @classmethod
    def ask(cls, command):
        return run("nsenter", "-t", cls.first, "-m", "-p", "-u", "-i", "-n", "-C", "sh", "-c", command)

    def shown(self, name):
        return self.ask(f"systemctl show --value -p {name} starter").strip()

    def journal(self):
        return self.ask("journalctl --no-pager -o cat -u starter")

    def setUp(self):
        self.ask("systemctl start starter")  # comes back when the service has said that it is ready

    def test_it_is_up_when_systemd_says_so(self):
        self.assertEqual(self.shown("StatusText"), f"serving at {self.url}")
        self.assertIn("healthy", self.ask(f"infra health --url {self.url}"))
        self.assertIn('"message":"listening"', self.journal())

    def test_it_may_do_nothing_and_keeps_its_data_for_itself(self):
        status = self.ask(f"cat /proc/{self.shown('MainPID')}/status")
        self.assertRegex(status, r"(?s)CapEff:\t0+\nCapBnd:\t0+\n.*NoNewPrivs:\t1\nSeccomp:\t2\n")
        self.assertEqual(self.ask("stat -c %a /var/lib/private/starter/var/queue.db").strip(), "600")

    def test_reloading_leaves_it_running(self):
        before = self.shown("MainPID")
        self.ask("systemctl reload starter")
        self.assertIn("healthy", self.ask(f"infra health --url {self.url}"))
        self.assertEqual(self.shown("MainPID"), before)

    def test_it_is_started_anew_when_it_dies(self):
        before = self.shown("MainPID")
        self.ask("systemctl kill -s KILL starter")
        until(lambda: self.shown("MainPID") not in ("0", before) and self.shown("ActiveState") == "active", "another one to be up")

    def test_it_is_started_anew_when_it_hangs(self):
        before = self.shown("MainPID")
        self.ask(f"kill -STOP {before}")
        until(lambda: self.shown("MainPID") not in ("0", before) and self.shown("ActiveState") == "active", "the watchdog", 90)
        self.assertIn("Watchdog timeout", self.journal())

    def test_it_stops_in_order(self):
        self.ask("systemctl stop starter")
        self.assertEqual((self.shown("Result"), self.shown("ExecMainStatus")), ("success", "0"))
        self.assertIn('"message":"stopped"', self.journal())


if __name__ == "__main__":
    unittest.main()
