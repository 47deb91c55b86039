#!/usr/bin/env python3
"""The page of a service, as a program: started, asked, stopped.

    ONE_PAGE=build/dev/bin/api_one_page python3 one_page_test.py
"""

import http.client
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import unittest

ONE_PAGE = os.path.abspath(os.environ["ONE_PAGE"])
PATIENCE = 60  # seconds; how long a step may take before it counts as never


class Service:
    """The program in a folder of its own, on a free port, with its log read as it is written."""

    def __init__(self, folder):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        self.process = subprocess.Popen([ONE_PAGE], cwd=folder, env=kept | {"PORT": "0"}, stdout=subprocess.PIPE)
        self.arrived = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.arrived.put(json.loads(line))
        self.arrived.put(None)

    def line(self, message):
        while (line := self.arrived.get(timeout=PATIENCE)) is not None:
            if line["message"] == message:
                return line
        raise AssertionError(f"the log ended without: {message}")

    def ask(self, port, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request(method, path, body=body and json.dumps(body))
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer


class OnePage(unittest.TestCase):
    def test_serves_and_stops_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder)
            self.addCleanup(service.process.stdout.close)
            self.addCleanup(service.process.wait)
            self.addCleanup(service.process.kill)
            port = int(service.line("listening")["url"].rsplit(":", 1)[1])

            ann = {"id": "1", "name": "Ann", "email": "ann@example.org"}
            status, body = service.ask(port, "POST", "/signup", ann)
            self.assertEqual((status, json.loads(body)), (201, ann))
            self.assertEqual(service.line("signed up")["user_id"], "1")

            status, body = service.ask(port, "POST", "/signup", {"id": "2", "name": "Bo"})
            self.assertEqual((status, json.loads(body)["error"]["path"]), (422, "/email"))
            self.assertEqual(service.ask(port, "GET", "/ready")[0], 200)
            self.assertIn("# TYPE http_server_requests_total counter", service.ask(port, "GET", "/metrics")[1])

            service.process.send_signal(signal.SIGTERM)
            self.assertEqual(service.process.wait(PATIENCE), 0)
            service.line("stopped")
            self.assertTrue(os.path.exists(os.path.join(folder, "var", "queue.db")))


if __name__ == "__main__":
    unittest.main()
