#!/usr/bin/env python3
"""The files of packaging/ mean what they say: to systemd, Redis, Prometheus, and against the metrics that there really are.

    STARTER=build/dev/bin/starter python3 packaging_test.py [Class[.test]]
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

PACKAGING = pathlib.Path(__file__).parents[1]
ROOT = PACKAGING.parent
sys.path.insert(0, str(ROOT / "examples/starter/tests"))
from starter_test import STARTER, StarterTest, until  # noqa: E402


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **options)


def needs(program, package):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed (Debian package {package})")


@needs("systemd-analyze", "systemd")
class Systemd(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="infra-unit-")
        self.addCleanup(shutil.rmtree, folder)
        self.text = (PACKAGING / "systemd/starter.service").read_text()
        self.unit = pathlib.Path(folder) / "starter.service"
        self.unit.write_text(self.text.replace("/usr/local/bin/starter", STARTER))  # one that is there

    def test_the_unit_is_one(self):
        verified = run("systemd-analyze", "verify", self.unit)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))

    def test_the_service_may_do_little(self):
        judged = run("systemd-analyze", "security", "--offline=true", self.unit)
        level = re.search(r"Overall exposure level for starter.service: ([\d.]+)", judged.stdout)
        self.assertTrue(level, judged.stdout + judged.stderr)
        self.assertLessEqual(float(level[1]), 3.0)

    def test_it_is_told_how_the_service_is_and_waits_for_the_drain(self):
        self.assertIn("\nType=notify\n", self.text)
        self.assertRegex(self.text, r"\nWatchdogSec=\d+\n")
        header = (ROOT / "app/include/infra/app.hpp").read_text()
        drain = int(re.search(r"drain_timeout\{([\d']+)\}", header)[1].replace("'", "")) / 1000
        patience = int(re.search(r"\nTimeoutStopSec=(\d+)\n", self.text)[1])
        self.assertGreaterEqual(patience, drain + 3, "what is left when the drain is over is cancelled, in 2 s")


class Docker(unittest.TestCase):
    def setUp(self):
        text = (PACKAGING / "docker/Dockerfile").read_text()
        self.runtime = text[text.rindex("\nFROM "):]
        self.packages = set(re.search(r"--no-install-recommends \\\n(.*?)\n *&&", self.runtime, re.S)[1].replace("\\", "").split())

    def test_it_runs_as_nobody_in_particular_and_is_asked_how_it_is(self):
        self.assertNotIn(re.search(r"\nUSER (\S+)", self.runtime)[1], ("root", "0"))
        self.assertIn("STOPSIGNAL SIGTERM", self.runtime)
        self.assertIn('CMD ["infra", "health", "--quiet"', self.runtime)

    @needs("dpkg-query", "dpkg")
    @needs("readelf", "binutils")
    def test_it_has_the_packages_that_the_program_needs(self):
        given_by_the_base = {"libc6", "libgcc-s1", "libstdc++6"}
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", STARTER).stdout)
        self.assertGreater(len(needed), 3)
        found = dict(re.findall(r"\t(\S+) => (\S+)", run("ldd", STARTER).stdout))
        for library in needed:
            path = pathlib.Path(found.get(library, library)).resolve()
            listed = (run("dpkg-query", "-S", name).stdout for name in (path, str(path).removeprefix("/usr")))
            owners = {line.split(":")[0] for lines in listed for line in lines.splitlines()}
            if owners:  # what was built by hand is nobody's
                self.assertTrue(owners & (self.packages | given_by_the_base), (library, owners))

    def test_nothing_that_is_not_needed_gets_into_the_build(self):
        ignored = (PACKAGING / "docker/Dockerfile.dockerignore").read_text().split()
        self.assertLessEqual({"**/.git", "**/.env", "**/build"}, set(ignored))


class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load((PACKAGING / "docker/compose.yaml").read_text())["services"]

    def test_the_service_waits_for_redis_and_is_waited_for(self):
        app = self.services["app"]
        self.assertTrue((PACKAGING / "docker" / app["build"]["context"] / app["build"]["dockerfile"]).is_file())
        self.assertEqual(app["depends_on"]["redis"]["condition"], "service_healthy")
        self.assertGreaterEqual(int(app["stop_grace_period"].rstrip("s")), 28)
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in app["ports"]))

    @needs("redis-server", "redis-server")
    def test_redis_neither_forgets_jobs_nor_loses_them(self):
        with tempfile.TemporaryDirectory(prefix="infra-compose-") as folder:
            path = f"{folder}/redis.sock"
            server = subprocess.Popen([*self.services["redis"]["command"], "--port", "0", "--unixsocket", path], cwd=folder,
                                      stdout=subprocess.DEVNULL)
            try:
                ask = lambda *words: run("redis-cli", "-s", path, *words).stdout.split()  # noqa: E731
                until(lambda: ask("ping") == ["PONG"], "Redis")
                self.assertEqual(ask("config", "get", "maxmemory-policy")[1], "noeviction")
                self.assertEqual(ask("config", "get", "appendonly")[1], "yes")
            finally:
                server.terminate()
                server.wait()


KEYWORDS = {"by", "without", "on", "ignoring", "or", "and", "unless", "offset", "bool", "group_left", "group_right"}


def names_and_labels(expression):
    """The metrics of a PromQL expression, and the labels that it asks for."""
    labels = set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression))
    for listed in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression):
        labels |= set(re.split(r"[\s,]+", listed.strip()))
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\"[^\"]*\"", " ", expression)
    names = set(re.findall(r"\b([a-z_]\w*)\b(?!\s*\()", bare)) - KEYWORDS
    return names, labels


def rules():
    return [rule for group in yaml.safe_load((PACKAGING / "prometheus/infra.rules.yaml").read_text())["groups"]
            for rule in group["rules"]]


def panels():
    return [panel for panel in json.loads((PACKAGING / "grafana/infra.json").read_text())["panels"] if panel["type"] != "row"]


def expressions():
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


class Metrics(StarterTest):
    def test_every_one_that_is_asked_for_exists(self):
        said = set()
        for source in [*ROOT.glob("*/src/**/*.cpp"), *ROOT.glob("*/src/**/*.hpp"), *ROOT.glob("*/include/**/*.hpp")]:
            said |= set(re.findall(r'"([a-z][a-z0-9_]*)"', source.read_text()))
        for expression in expressions():
            names, _ = names_and_labels(expression)
            self.assertTrue(names, expression)
            for name in names:
                self.assertIn(re.sub(r"_(bucket|count|sum)$", "", name), said, expression)

    def test_a_name_that_nobody_says_is_found(self):
        names, labels = names_and_labels('sum by (job, le) (rate(no_such_total{status=~"5..",a!="b"}[5m])) / other_seconds > 0.5 or x_y')
        self.assertEqual((names, labels), ({"no_such_total", "other_seconds", "x_y"}, {"job", "le", "status", "a"}))

    def test_labels_are_those_of_a_running_service(self):
        service = self.start().listening()
        service.completed(service.sign_up())
        service.ask("GET", "/health")
        exposed = {}
        for name, labels in re.findall(r"^([a-z_0-9]+)(?:\{(.*)\})? ", service.ask("GET", "/metrics").text, re.M):
            exposed.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
        seen = 0
        for expression in expressions():
            names, labels = names_and_labels(expression)
            for name in names & set(exposed):
                seen += 1
                self.assertLessEqual(labels - {"job", "instance"}, exposed[name], f"{name} in {expression}")
        self.assertGreater(seen, 20)


class Prometheus(unittest.TestCase):
    @needs("promtool", "prometheus")
    def test_the_rules_are_rules_and_fire_when_they_should(self):
        folder = PACKAGING / "prometheus"
        for words in (("check", "rules", "infra.rules.yaml"), ("test", "rules", "infra.rules.test.yaml")):
            checked = run("promtool", *words, cwd=folder)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_says_how_bad_it_is_and_of_what(self):
        for rule in rules():
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
            self.assertTrue(rule["annotations"]["summary"], rule)


@needs("promtool", "prometheus")
class Grafana(unittest.TestCase):
    def test_its_expressions_are_promql(self):
        with tempfile.TemporaryDirectory(prefix="infra-grafana-") as folder:
            made = [{"record": f"panel:{n}", "expr": re.sub(r"\$__rate_interval", "5m", expression)}
                    for n, expression in enumerate(e for p in panels() for e in [t["expr"] for t in p["targets"]])]
            file = pathlib.Path(folder) / "rules.yaml"
            file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": made}]}))
            checked = run("promtool", "check", "rules", "--lint=none", file)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_panels_lie_beside_each_other_and_have_names(self):
        board = json.loads((PACKAGING / "grafana/infra.json").read_text())
        taken, ids = set(), set()
        for panel in board["panels"]:
            self.assertTrue(panel["title"])
            self.assertNotIn(panel["id"], ids)
            ids.add(panel["id"])
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells


SKIPPED = 77  # what CTest takes for it


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    nothing_was_run = done.skipped and len(done.skipped) >= done.testsRun
    sys.exit(1 if not done.wasSuccessful() else SKIPPED if nothing_was_run else 0)
