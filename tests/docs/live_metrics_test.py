#!/usr/bin/env python3
"""What a running service exposes is what the tables of docs/ tell: names, kinds and labels.

    STARTER=build/dev/bin/starter python3 live_metrics_test.py
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples/starter/tests"))
from metrics_in_sources import metrics_of  # noqa: E402
from starter_test import StarterTest, Visitor, until  # noqa: E402

OF_A_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def families(text):
    """Kind and labels of each metric."""
    found = {name: (kind, set()) for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)}
    for name, labels in re.findall(r"^([a-z_0-9]+)(?:\{(.*?)\})? \S+", text, re.M):
        family = name if name in found else OF_A_HISTOGRAM.sub("", name)
        found[family][1].update(set(re.findall(r'([a-z_]+)="', labels)) - {"le"})
    return found


class Metrics(StarterTest):
    def compare(self, service):
        """Has the service do a little of everything, and its metrics with what is told."""
        told = {metric["name"]: metric for room in metrics_of(ROOT).values() for metric in room}
        service.completed(service.sign_up())
        visitor = Visitor(service)
        self.addCleanup(visitor.end)
        visitor.ask(type="ping")
        service.ask("GET", "/ready")
        service.ask("GET", "/metrics")
        seen = families(service.ask("GET", "/metrics").text)
        for name, (kind, labels) in seen.items():
            with self.subTest(name):
                self.assertIn(name, told)
                self.assertEqual(kind, told[name]["kind"])
                self.assertEqual(labels - {"overflow"}, set(told[name]["labels"]))
        return seen

    def test_are_those_of_the_book(self):
        self.assertGreater(len(self.compare(self.start().listening())), 30)

    @unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed (apt-get install redis-server)")
    def test_on_redis_are_those_of_the_book_too(self):
        path = pathlib.Path(self.folder) / "redis.sock"
        redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--maxmemory-policy", "noeviction"],
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )
        self.addCleanup(redis.wait)
        self.addCleanup(redis.kill)
        until(path.exists, "redis-server to listen")
        seen = self.compare(self.start(REDIS_URL=f"unix://{path}").listening())
        for name in ("redis_commands_total", "redis_connections", "realtime_broker_link"):
            self.assertIn(name, seen)


if __name__ == "__main__":
    unittest.main()
