#!/usr/bin/env python3
"""The Debian packages in a Debian 12 that has nothing else: installed, used, booted and purged. Takes minutes: for ./test --long.

    BUILD=build/dev python3 clean_debian_test.py [Class[.test]]       makes them in build/package; or DEBS=folder

Each class works in a copy of a root that is made once (debian_root.py). It also needs systemd-nspawn.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import debian_root
from debian_root import BUILD, ROOT, run, until


def setUpModule():
    global packages
    if "INFRA_TEST_LONG" not in os.environ and "DEBS" not in os.environ:
        raise unittest.SkipTest("takes minutes: ./test --long")
    if missing := debian_root.what_is_missing("systemd-nspawn"):
        raise unittest.SkipTest(missing)
    packages = debian_root.made_packages()
    debian_root.made_root()


class Debian(unittest.TestCase):
    """A root of its own, in which programs are run by nspawn: what they mount, and whom they start, ends with them."""

    @classmethod
    def setUpClass(cls):
        cls.root = BUILD / f"debian-12-{cls.__name__.lower()}"
        shutil.rmtree(cls.root, ignore_errors=True)
        run("cp", "-a", "--reflink=auto", debian_root.MADE, cls.root)
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        for package in packages:
            shutil.copy(package, cls.root / "root")
        cls.inside("apt-get update -q")

    @classmethod
    def nspawn(cls, *words):
        return ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--resolv-conf=copy-host", "-D", str(cls.root), *words]

    @classmethod
    def inside(cls, command, *flags):
        """What the command says; not what nspawn does, of a /run that is no memory for one."""
        words = ("--setenv=DEBIAN_FRONTEND=noninteractive", *flags, "--pipe", "sh", "-ec", f"exec 2>&1\n{command}")
        return run(*cls.nspawn(*words), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

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

    def test_a_new_service_is_built_tested_run_and_asked_as_its_page_says(self):
        self.install("libgtest-dev", "curl")
        said = json.loads(self.inside("cd /root && infra new shop --json"))
        page = (self.root / "root/shop/README.md").read_text()
        (*typed, started), (asked, shown) = (block.splitlines() for block in re.findall(r"```\n(.+?)\n```", page, re.S))
        self.assertEqual([line.removesuffix(" --output-on-failure") for line in ("cd shop", *typed, started)], said["next"])
        self.assertIn("100% tests passed", self.inside(" && ".join(["cd /root/shop", *typed])))
        answer = self.inside(f"cd /root/shop; {started} >log 2>&1 & service=$!; cd /root/shop; trap 'kill $service' EXIT;"
                             " until grep -q listening log; do kill -0 $service; sleep 0.1; done;"
                             f" {asked}; until {shown} | grep ada@example.com; do sleep 0.1; done;"
                             " infra health; trap - EXIT; kill $service; wait $service", "--private-network")
        self.assertRegex(answer, r"(?s)202 Accepted.*\"job_id\":.*Welcome.*healthy")
        self.assertIn('"message":"stopped"', (self.root / "root/shop/log").read_text())

    def test_the_command_has_a_page(self):
        self.install("man-db")
        self.assertIn("INFRA(1)", self.inside("man infra").upper())

    def test_both_shells_complete_the_command(self):
        self.install("bash-completion", "zsh")
        self.assertEqual(self.inside("""bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader infra;
            COMP_WORDS=(infra queue sta); COMP_CWORD=2; _infra; echo "${COMPREPLY[@]}"'""").strip(), "stats")
        self.assertEqual(self.inside("zsh -fc 'autoload -Uz compinit; compinit -D; print $_comps[infra]'").strip(), "_infra")

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
