#!/usr/bin/env python3
"""The starter as a stranger meets it: the real program, real sockets, real files, and what goes wrong around them.

    STARTER=build/dev/bin/starter python3 starter_test.py [Class[.test]]
"""

import email
import email.policy
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

STARTER = os.path.abspath(os.environ["STARTER"])
LONG = "INFRA_TEST_LONG" in os.environ
PATIENCE = 30  # seconds; how long a step may take before it counts as never


def until(condition, what):
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"still waiting for: {what}")


class Service:
    """A starter in a folder of its own, on a free port."""

    def __init__(self, folder, **variables):
        self.folder = pathlib.Path(folder)
        self.log_path = self.folder / "log.jsonl"
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        environment |= {"PORT": "0"} | variables
        with open(self.log_path, "ab") as log, open(self.folder / "stderr.txt", "ab") as err:
            self.begin = log.tell()
            self.process = subprocess.Popen([STARTER], cwd=folder, env=environment, stdout=log, stderr=err)

    def lines(self):
        text = self.log_path.read_bytes()[self.begin:].decode()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def listening(self):
        def port():
            assert self.process.poll() is None, self.stderr()
            for line in self.lines():
                if line["message"] == "listening":
                    return int(line["url"].rsplit(":", 1)[1])
        self.port = until(port, "the starter to listen")
        return self

    def stderr(self):
        return (self.folder / "stderr.txt").read_text()

    def printed(self):
        return re.findall(r"^    (curl .*)\n", self.stderr(), re.M) if "/health\n" in self.stderr() else None

    def ask(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        response.text = response.read().decode()
        connection.close()
        return response

    def sign_up(self, name="Ada", address="ada@example.com"):
        response = self.ask("POST", "/signup", json.dumps({"name": name, "email": address}))
        assert response.status == 202, (response.status, response.text)
        return json.loads(response.text)["job_id"]

    def completed(self, job):
        def done():
            document = json.loads(self.ask("GET", f"/jobs/{job}").text)
            return document if document["state"] == "completed" else None
        return until(done, f"job {job} to be completed")

    def mails(self):
        return sorted((self.folder / "var/outbox").glob("**/*.eml"))

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


class StarterTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="infra-starter-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, **variables):
        service = Service(self.folder, **variables)
        self.addCleanup(service.end, signal.SIGKILL)
        return service


class MainJob(StarterTest):
    def test_signup_becomes_a_job_and_the_job_a_mail(self):
        service = self.start().listening()
        job = service.sign_up("Ada <b>Lovelace</b> [click](http://evil.example)")
        self.assertEqual(service.completed(job)["attempts_made"], 1)

        (path,) = service.mails()
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        self.assertEqual(mail["To"], "ada@example.com")
        self.assertIn("Ada", mail["Subject"])
        self.assertEqual([part.get_content_type() for part in mail.iter_parts()], ["text/plain", "text/html"])
        html = mail.get_body(("html",)).get_content()
        self.assertIn("&lt;b&gt;Lovelace", html)
        self.assertNotIn('href="http://evil.example', html)
        self.assertIn("Lovelace", mail.get_body(("plain",)).get_content())

    def test_the_printed_lines_show_the_job_done(self):
        service = self.start().listening()
        sign_up, ask_for_job, probe = until(lambda: service.printed(), "the lines to try")
        answer = json.loads(self.typed(sign_up).partition("\r\n\r\n")[2])
        ask_for_job = ask_for_job.replace("ID-FROM-ABOVE", answer["job_id"])
        until(lambda: json.loads(self.typed(ask_for_job))["state"] == "completed", "the job to be done")
        self.assertEqual(json.loads(self.typed(probe))["status"], "healthy")

    def typed(self, line):
        return subprocess.run(line, shell=True, capture_output=True, timeout=PATIENCE).stdout.decode()

    def test_one_trace_leads_from_the_request_to_the_job(self):
        service = self.start().listening()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        response = service.ask("POST", "/signup", '{"name":"A","email":"a@b.example"}',
                               {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-id": "req-7"})
        self.assertEqual(response.getheader("x-request-id"), "req-7")
        self.assertIn(trace, response.getheader("traceparent"))
        service.completed(json.loads(response.text)["job_id"])
        self.assertEqual(service.end(), 0)
        signed_up = [line for line in service.lines() if line["message"] == "signed up"]
        self.assertEqual([line["trace_id"] for line in signed_up], [trace])
        for line in service.lines():
            self.assertEqual(list(line)[:2], ["timestamp", "level"])

    def test_probes_and_metrics(self):
        service = self.start().listening()
        service.completed(service.sign_up())
        health = json.loads(service.ask("GET", "/health").text)
        self.assertEqual(health["status"], "healthy")
        self.assertIn("queue", health["checks"])
        self.assertEqual(service.ask("GET", "/ready").status, 200)
        metrics = service.ask("GET", "/metrics").text
        self.assertIn('route="/signup"', metrics)
        for series in ('blocking_pool_threads{pool="default"} ', 'blocking_pool_busy_threads{pool="default"} ',
                       'blocking_pool_queued_calls{pool="default"} ', 'blocking_pool_threads{pool="queue worker"} ',
                       'blocking_pool_calls_total{outcome="refused",pool="default"} 0\n',
                       'blocking_pool_wait_seconds_count{pool="default"} ', "event_loops "):
            self.assertIn("\n" + series, metrics)
        # Observed once a second since the first scrape.
        lag = re.compile(r'\nevent_loop_lag_seconds_count{loop="loop-0"} [1-9]')
        metrics = until(lambda: lag.search(text := service.ask("GET", "/metrics").text) and text, "a loop's lag")
        self.assertNotIn(service.folder.name, metrics)
        if promtool := shutil.which("promtool"):
            checked = subprocess.run([promtool, "check", "metrics"], input=metrics, text=True, capture_output=True)
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        else:
            self.skipTest("promtool is not installed; everything else of this test has passed")

    def test_probes_tell_strangers_statuses_and_those_who_know_the_token_the_rest(self):
        service = self.start(HEALTH_TOKEN="let-me-see").listening()
        for stranger in ({}, {"authorization": "Bearer guess"}):
            checks = json.loads(service.ask("GET", "/health", headers=stranger).text)["checks"]
            self.assertEqual(checks["queue"], {"status": "healthy"})
        known = {"authorization": "Bearer let-me-see"}
        self.assertEqual(json.loads(service.ask("GET", "/health", headers=known).text)["checks"]["queue"]["details"]["failed"], 0)
        draft = service.ask("GET", "/health", headers=known | {"accept": "application/health+json"})
        self.assertEqual(draft.getheader("content-type"), "application/health+json")
        self.assertEqual(json.loads(draft.text)["status"], "pass")
        self.assertEqual(list(json.loads(service.ask("GET", "/health/live").text)["checks"]), ["loop lag"])
        self.assertEqual(service.ask("GET", "/health/nobody").status, 404)
        until(lambda: 'health_check_status{check="queue"} 1' in service.ask("GET", "/metrics").text, "the metric of the check")

    def test_is_unready_before_it_stops_answering(self):
        service = self.start(DRAIN_DELAY="1h").listening()
        service.process.send_signal(signal.SIGTERM)
        until(lambda: service.ask("GET", "/ready").status == 503, "readiness to end")
        self.assertEqual(service.ask("GET", "/health").status, 200)
        service.completed(service.sign_up())
        self.assertEqual(service.end(), 128 + signal.SIGTERM, "the second signal does not wait")

    def test_ends_in_order_on_both_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.start().listening()
            service.completed(service.sign_up())
            self.assertEqual(service.end(number), 0)
            self.assertEqual(service.lines()[-1]["message"], "stopped", service.lines()[-3:])


class Collector:
    """Takes OTLP and keeps it."""

    def __init__(self, status=200):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                received.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self):
        return [span for _, body in self.received for resource in body.get("resourceSpans", [])
                for scope in resource["scopeSpans"] for span in scope["spans"]]

    def logs(self):
        return [record | {"module": scope["scope"]["name"]}
                for _, body in self.received for resource in body.get("resourceLogs", [])
                for scope in resource["scopeLogs"] for record in scope["logRecords"]]

    def metrics(self):
        """Of each counter its sum over all series, as sent last."""
        return {metric["name"]: sum(point["asDouble"] for point in metric["sum"]["dataPoints"])
                for _, body in self.received for resource in body.get("resourceMetrics", [])
                for scope in resource["scopeMetrics"] for metric in scope["metrics"] if "sum" in metric}

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Telemetry(StarterTest):
    def test_one_trace_leads_from_the_request_to_the_mail(self):
        collector = Collector()
        self.addCleanup(collector.end)
        service = self.start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="shop").listening()
        trace = "0af7651916cd43dd8448eb211c80319c"
        answer = service.ask("POST", "/signup", json.dumps({"name": "Ada", "email": "ada@example.com"}),
                             {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "rojo=1"})
        service.completed(json.loads(answer.text)["job_id"])
        self.assertEqual(service.end(), 0)  # the rest is sent at the end
        self.assertEqual({path for path, _ in collector.received}, {"/v1/traces", "/v1/metrics", "/v1/logs"})
        self.assertGreaterEqual(collector.metrics()["http_server_requests_total"], 1)
        for _, body in collector.received:
            resource, = body.get("resourceSpans") or body.get("resourceMetrics") or body["resourceLogs"]
            self.assertIn({"key": "service.name", "value": {"stringValue": "shop"}}, resource["resource"]["attributes"])
        ours = {span["spanId"]: span for span in collector.spans() if span["traceId"] == trace}
        kinds = {span["kind"] for span in ours.values()}
        self.assertLessEqual({2, 4, 5}, kinds, ours)  # server, producer, consumer
        server, = [span for span in ours.values() if span["kind"] == 2]
        self.assertEqual((server["name"], server["parentSpanId"]), ("POST /signup", "b7ad6b7169203331"))
        self.assertEqual((server["traceState"], server["flags"]), ("rojo=1", 0x301))
        for span in ours.values():
            self.assertTrue(span is server or span["parentSpanId"] in ours, span)
        # The same lines that the service's own log has under that trace, and each under a span that was sent.
        written = [line for line in service.lines() if line.get("trace_id") == trace]
        sent = [record for record in collector.logs() if record.get("traceId") == trace]
        self.assertGreater(len(written), 1, service.lines())
        self.assertEqual([(record["module"], record["body"]["stringValue"], record["spanId"]) for record in sent],
                         [(line.get("module", ""), line["message"], line["span_id"]) for line in written])
        self.assertLessEqual({record["spanId"] for record in sent}, set(ours))
        self.assertIn("stopping", [record["body"]["stringValue"] for record in collector.logs()])

    def test_a_collector_that_fails_disturbs_nobody(self):
        collector = Collector(status=500)
        self.addCleanup(collector.end)
        service = self.start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="10").listening()
        service.completed(service.sign_up())
        until(lambda: len(collector.received) > 1, "several batches")
        until(lambda: re.search(r'otlp_spans_dropped_total{reason="refused"} [1-9]', service.ask("GET", "/metrics").text),
              "what was refused to be counted")
        self.assertEqual(service.end(), 0)
        said = [line["message"] for line in service.lines() if line.get("module") == "otlp"]
        self.assertEqual(len(said), 3, said)  # of traces, of metrics and of log records once each

    def test_prometheus_scrapes_it(self):
        if not shutil.which("prometheus"):
            self.skipTest("prometheus is not installed (Debian package prometheus)")
        service = self.start().listening()
        trace, unsampled = "5759e988bd862e3fe1be46a994272793", "0bdf2a5d4b9f4d3c8a7e6f5041322314"
        for traceparent in (f"00-{trace}-53995c3f42cd8ad8-01", f"00-{unsampled}-53995c3f42cd8ad8-00"):
            answer = service.ask("POST", "/signup", '{"name":"Ada","email":"ada@example.com"}', {"traceparent": traceparent})
            service.completed(json.loads(answer.text)["job_id"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = pathlib.Path(self.folder) / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "starter", "static_configs": [{"targets": [f"127.0.0.1:{service.port}"]}]}]}))
        log = open(pathlib.Path(self.folder) / "prometheus.txt", "wb")
        self.addCleanup(log.close)
        server = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"], stdout=log, stderr=log)
        self.addCleanup(server.wait, PATIENCE)
        self.addCleanup(server.kill)

        def asked(path):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=PATIENCE) as answer:
                    return json.load(answer)["data"]
            except OSError:  # not up yet
                return None

        posted = urllib.parse.quote('http_server_requests_total{method="POST",route="/signup",status="202"}')

        def value():
            found = asked(f"query?query={posted}")
            return found and found["result"] and found["result"][0]["value"][1]
        self.assertEqual(until(value, "prometheus to have scraped the counter"), "2")
        target = asked("targets")["activeTargets"][0]
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))

        def traces(query):
            found = asked(f"query_exemplars?query={query}&start=0&end=9999999999")
            return {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
        self.assertEqual(traces(posted), {trace})
        self.assertIn(trace, traces("http_server_request_duration_seconds_bucket"))


class Visitor:
    """An open page, as far as its WebSocket goes."""

    def __init__(self, service, fields=""):
        self.socket = socket.create_connection(("127.0.0.1", service.port), PATIENCE)
        self.socket.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
                            fields.encode() + b"\r\n")
        self.file = self.socket.makefile("rb")
        assert self.file.readline().split()[1] == b"101"
        while self.file.readline().strip():
            pass

    def say(self, **message):
        text = json.dumps(message).encode()
        assert len(text) < 126
        self.socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)

    def hear(self):
        """The next message, or the number with which it was closed."""
        while True:
            first, size = self.file.read(2)
            if size >= 126:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
            payload = self.file.read(size)
            if first == 0x81:
                return json.loads(payload)
            if first == 0x88:
                return struct.unpack(">H", payload[:2])[0]

    def ask(self, **message):
        self.say(ref="1", **message)
        while (answer := self.hear()).get("ref") != "1":
            pass
        return answer

    def end(self):
        self.file.close()
        self.socket.close()


class Live(StarterTest):
    def visit(self, service):
        visitor = Visitor(service)
        self.addCleanup(visitor.end)
        self.assertEqual(visitor.hear()["type"], "welcome")
        return visitor

    def test_signups_appear_as_they_happen_and_after_a_reload(self):
        service = self.start().listening()
        first = self.visit(service)
        self.assertEqual(first.ask(type="subscribe", channel="signups")["type"], "subscribed")
        service.sign_up("Ada <b>", "ada@example.com")
        said = first.hear()
        self.assertEqual((said["type"], said["channel"], said["offset"]), ("signed-up", "signups", 1))
        self.assertEqual(said["data"]["name"], "Ada <b>")
        self.assertEqual(set(said["data"]), {"name", "at"}, "an address is nobody else's business")
        later = self.visit(service).ask(type="history", channel="signups")
        self.assertEqual([m["data"]["name"] for m in later["data"]["messages"]], ["Ada <b>"])

    def test_visitors_listen_and_do_not_speak(self):
        visitor = self.visit(self.start().listening())
        for message in ({"type": "publish", "channel": "signups", "data": {"type": "signed-up"}},
                        {"type": "subscribe", "channel": "others"}, {"type": "presence", "channel": "signups"}):
            self.assertEqual(visitor.ask(**message)["data"]["code"], "forbidden", message)

    def test_pages_are_told_to_come_back_before_the_service_ends(self):
        service = self.start().listening()
        visitor = self.visit(service)
        service.process.send_signal(signal.SIGTERM)
        self.assertEqual(visitor.hear()["type"], "reconnect")
        self.assertEqual(visitor.hear(), 4000)
        self.assertEqual(service.process.wait(PATIENCE), 0)
        self.assertEqual(service.lines()[-1]["message"], "stopped")

    def test_event_streams_hear_the_same_and_do_not_hold_up_the_end(self):
        service = self.start().listening()
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/events?channel=signups", timeout=PATIENCE) as stream:
            service.sign_up("Ada")
            until(lambda: b'"name":"Ada"' in stream.readline(), "the sign-up")
            begin = time.monotonic()
            self.assertEqual(service.end(), 0)
            self.assertLess(time.monotonic() - begin, 15, "the drain would wait 25 s for a stream that is left")
            stream.read()

    def test_the_page_and_what_it_loads(self):
        service = self.start().listening()
        page = service.ask("GET", "/")
        self.assertIn("default-src 'self'", page.getheader("content-security-policy"))
        for path in re.findall(r'(?:src|href)="([^"]+)"', page.text) + ["/infra/realtime.js"]:
            self.assertEqual(service.ask("GET", path).status, 200, path)
        self.assertEqual(service.ask("GET", "/infra/realtime/channels").status, 404, "without a token nobody operates")

    def test_operators_look_and_speak_with_their_token(self):
        service = self.start(INFRA_ADMIN_TOKEN="of-the-operators").listening()
        visitor = self.visit(service)
        visitor.ask(type="subscribe", channel="signups")
        token = {"authorization": "Bearer of-the-operators"}
        self.assertEqual(service.ask("GET", "/infra/realtime/channels").status, 401)
        channels = json.loads(service.ask("GET", "/infra/realtime/channels", headers=token).text)["channels"]
        self.assertEqual([(c["name"], c["subscribers"]) for c in channels], [("signups", 1)])
        body = json.dumps({"channel": "signups", "type": "signed-up", "data": {"name": "Grace", "at": 0}})
        self.assertEqual(json.loads(service.ask("POST", "/infra/realtime/publish", body, token).text)["subscribers"], 1)
        self.assertEqual(visitor.hear()["data"]["name"], "Grace")


class BadInput(StarterTest):
    def setUp(self):
        super().setUp()
        self.service = self.start().listening()
        self.addCleanup(self.still_well)

    def still_well(self):
        self.assertEqual(self.service.ask("GET", "/health").status, 200)

    def refusal(self, status, *ask, **more):
        response = self.service.ask(*ask, **more)
        self.assertEqual(response.status, status, response.text)
        return json.loads(response.text)["error"]

    def test_bodies(self):
        self.refusal(400, "POST", "/signup", "{")
        self.assertEqual(self.refusal(422, "POST", "/signup", '{"name":"A"}')["path"], "/email")
        self.assertEqual(self.refusal(422, "POST", "/signup", '{"name":7,"email":"a@b.c"}')["path"], "/name")
        self.assertEqual(self.refusal(422, "POST", "/signup", '{"name":"A","email":"nobody"}')["path"], "/email")
        self.assertEqual(self.refusal(422, "POST", "/signup", '{"name":"A","email":"a@b.c\\r\\nBcc: x@y.z"}')["path"], "/email")

    def test_paths_and_methods(self):
        self.refusal(404, "GET", "/nothing")
        self.refusal(404, "GET", "/jobs/nobody")
        response = self.service.ask("DELETE", "/signup")
        self.assertEqual((response.status, response.getheader("Allow")), (405, "POST, OPTIONS"))
        self.refusal(400, "GET", "/jobs/%00")
        self.refusal(400, "GET", "/jobs/%zz")

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.service.port), PATIENCE) as connection:
            try:
                connection.sendall(data)
            except ConnectionError:
                pass  # it has answered and closed already
            try:
                return int(connection.recv(4096).split()[1])
            except (ConnectionError, IndexError):
                return None

    def test_oversize(self):
        head = b"POST /signup HTTP/1.1\r\nHost: x\r\n"
        self.assertEqual(self.raw(head + b"Content-Length: 10485760\r\n\r\n"), 413)
        many = b"".join(b"X-%d: y\r\n" % i for i in range(10_000))
        self.assertEqual(self.raw(b"GET /health HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n"), 431)
        self.assertEqual(self.raw(b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"), 400)
        self.assertEqual(self.raw(b"nonsense\r\n\r\n"), 400)


class Surroundings(StarterTest):
    """What goes wrong around the service is one clear sentence and exit code 1."""

    def fails(self, *words, **variables):
        service = self.start(**variables)
        self.assertEqual(service.process.wait(PATIENCE), 1)
        for word in words:
            self.assertIn(word, service.stderr())
        return service

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.fails(port, "in use", PORT=port)

    def test_every_mistake_of_the_configuration_at_once(self):
        self.fails("PORT", "QUEUE_URL", "EMAIL_URL", PORT="abc", QUEUE_URL="ftp://x", EMAIL_URL="pigeon:x")

    def test_variables_in_a_file_beside_it(self):
        file = pathlib.Path(self.folder) / ".env"
        file.write_text("# for development\nexport HEALTH_TOKEN='s3cret'\nPORT=1\nEMAIL_URL=\"outbox:mails\"\nQUEUE_ULR=x\n")
        service = self.start().listening()  # PORT=0 of the process wins
        known = {"authorization": "Bearer s3cret"}
        self.assertIn("details", json.loads(service.ask("GET", "/health", headers=known).text)["checks"]["queue"])
        service.completed(service.sign_up())
        self.assertTrue(list((pathlib.Path(self.folder) / "mails").glob("**/*.eml")))
        self.assertEqual(service.end(), 0)
        self.assertIn("did you mean QUEUE_URL?", service.log_path.read_text())
        self.assertNotIn("s3cret", service.log_path.read_text() + service.stderr())
        in_production = self.start(APP_ENV="production").listening()
        self.assertEqual(json.loads(in_production.ask("GET", "/health", headers=known).text)["checks"]["queue"], {"status": "healthy"})
        in_production.end()
        file.write_text("HEALTH_TOKEN=s3cret\nnothing here\nPORT 80\n")
        failed = self.fails(".env:2: expected NAME=value", ".env:3: expected NAME=value", "EMAIL_URL", EMAIL_URL="pigeon:x")
        self.assertNotIn("s3cret", failed.stderr())

    def test_folder_that_cannot_be_made(self):
        (pathlib.Path(self.folder) / "var").write_text("a file where a folder should be")
        self.fails("var/queue.db")

    def test_pages_that_are_not_there(self):
        """As where the program was copied to another machine without them."""
        with open(STARTER, "rb") as program:
            image = program.read()
        end = image.index(b"/starter/pages\0") + len(b"/starter/pages")
        pages = image[image.rindex(b"\0", 0, end) + 1:end]
        moved = pathlib.Path(self.folder) / "starter"
        moved.write_bytes(image.replace(pages, b"/" + b"x" * (len(pages) - 1)))
        moved.chmod(0o700)
        process = subprocess.run([moved], cwd=self.folder, env={"PORT": "0"}, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("starter: http::static_files::directory: cannot open '/xxx", process.stderr)
        self.assertIn("name the folder that holds them", process.stderr)

    def test_corrupt_queue_file_is_named_and_left_alone(self):
        file = pathlib.Path(self.folder) / "var/queue.db"
        file.parent.mkdir()
        file.write_bytes(b"this is not a database, " * 1000)
        before = file.read_bytes()
        self.fails("var/queue.db")
        self.assertEqual(file.read_bytes(), before)


    def test_people_at_a_terminal_see_what_it_runs_on(self):
        terminal, its = os.openpty()
        self.addCleanup(os.close, terminal)
        process = subprocess.Popen([STARTER], cwd=self.folder, env={"PORT": "0"}, stdout=subprocess.DEVNULL, stderr=its)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(its)
        shown = ""
        while "/health" not in shown:
            shown += os.read(terminal, 4096).decode()
        self.assertRegex(shown, r"  starter  http://127.0.0.1:\d+\r\n")
        self.assertRegex(shown, r"\n  queue +sqlite:var/queue.db\r\n")
        self.assertNotIn("sqlite:", self.start().listening().stderr(), "nobody is there to read it")

    def test_standard_streams_that_are_closed_become_no_sockets(self):
        def close():
            os.close(0)
            os.close(1)
        errors = pathlib.Path(self.folder) / "stderr.txt"
        with open(errors, "wb") as stderr:
            process = subprocess.Popen([STARTER], cwd=self.folder, env={"PORT": "0"}, stderr=stderr, preexec_fn=close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until(lambda: "/health" in errors.read_text(), "the starter to listen")
        self.assertEqual([os.readlink(f"/proc/{process.pid}/fd/{n}") for n in (0, 1)], ["/dev/null"] * 2)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertNotIn("cannot write log lines", errors.read_text())


class Supervisor:
    """What systemd has: a socket to be told things, here an abstract one or one in a folder."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(PATIENCE)

    def hear(self):
        return self.socket.recv(4096).decode().splitlines()

    def hear_until(self, word):
        heard = []
        while word not in heard:
            heard += self.hear()
        return heard


class Supervised(StarterTest):
    def test_systemd_is_told_when_it_is_ready_that_it_lives_and_that_it_ends(self):
        for name in (str(pathlib.Path(self.folder) / "notify"), "@" + os.path.basename(self.folder)):
            systemd = Supervisor(name)
            self.addCleanup(systemd.socket.close)
            service = self.start(NOTIFY_SOCKET=name, WATCHDOG_USEC="200000")
            systemd.hear_until("READY=1")
            service.listening()
            systemd.hear_until("WATCHDOG=1")
            systemd.hear_until("WATCHDOG=1")
            service.process.send_signal(signal.SIGTERM)
            systemd.hear_until("STOPPING=1")
            self.assertEqual(service.process.wait(PATIENCE), 0)

    def test_a_hanging_service_gives_no_sign_of_life(self):
        systemd = Supervisor("@" + os.path.basename(self.folder))
        self.addCleanup(systemd.socket.close)
        service = self.start(NOTIFY_SOCKET=systemd.name, WATCHDOG_USEC="200000")
        systemd.hear_until("WATCHDOG=1")
        service.process.send_signal(signal.SIGSTOP)
        systemd.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            while True:
                systemd.hear()
        service.process.send_signal(signal.SIGCONT)
        systemd.socket.settimeout(PATIENCE)
        systemd.hear_until("WATCHDOG=1")

    def test_a_mistake_is_a_status_too(self):
        systemd = Supervisor("@" + os.path.basename(self.folder))
        self.addCleanup(systemd.socket.close)
        service = self.start(NOTIFY_SOCKET=systemd.name, PORT="abc")
        self.assertIn("configuration is wrong", systemd.hear()[0])
        self.assertEqual(service.process.wait(PATIENCE), 1)

    def test_hangup_means_new_log_files_and_no_end(self):
        service = self.start().listening()
        service.process.send_signal(signal.SIGHUP)
        service.completed(service.sign_up())
        self.assertEqual(service.end(), 0)


class SlowMailServer:
    """Takes a mail, and accepts it only when it is let to."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.door.getsockname()[1]}?tls=none"
        self.has_mail, self.may_go_on = threading.Event(), threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                client, _ = self.door.accept()
                threading.Thread(target=self.talk, args=(client,), daemon=True).start()
        except OSError:
            pass

    def talk(self, client):
        file = client.makefile("rwb")

        def say(line):
            file.write(line + b"\r\n")
            file.flush()

        say(b"220 slow")
        while line := file.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                say(b"354 go on")
                while file.readline() != b".\r\n":
                    pass
                self.has_mail.set()
                self.may_go_on.wait(PATIENCE)
                say(b"250 accepted")
            elif verb == b"QUIT":
                return say(b"221 bye")
            else:
                say(b"250 yes")


class Shutdown(StarterTest):
    def is_refused(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_everything_ends_in_its_order_and_in_time(self):
        collector, mail = Collector(), SlowMailServer()
        self.addCleanup(collector.end)
        self.addCleanup(mail.door.close)
        service = self.start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, EMAIL_URL=mail.url, DRAIN_DELAY="1s").listening()
        page = Visitor(service)
        self.addCleanup(page.end)
        self.assertEqual(page.hear()["type"], "welcome")
        job = service.sign_up()
        self.assertTrue(mail.has_mail.wait(PATIENCE))

        begin = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        # 1. Readiness goes, while everybody is still served.
        until(lambda: service.ask("GET", "/ready").status == 503, "readiness to end")
        self.assertEqual(service.ask("GET", "/health").status, 200)
        self.assertEqual(page.ask(type="history", channel="signups")["type"], "history")
        # 2. The door closes, and those who are in are told to come back elsewhere.
        self.assertEqual(page.hear()["type"], "reconnect")
        until(lambda: self.is_refused(service.port), "the door to close")
        self.assertEqual(page.hear(), 4000)
        # 3. A job that is under way is waited for.
        self.assertIsNone(service.process.poll())
        sent_before = len(collector.received)
        mail.may_go_on.set()
        # 4. What was said and measured until the end is sent, and only then it ends.
        self.assertEqual(service.process.wait(PATIENCE), 0)
        self.assertLess(time.monotonic() - begin, 25)
        self.assertGreater(len(collector.received), sent_before)
        self.assertIn("stopping", [record["body"]["stringValue"] for record in collector.logs()])
        self.assertEqual(collector.metrics()["queue_jobs_completed_total"], 1)
        self.assertIn("process send-welcome-email", {span["name"] for span in collector.spans()})
        self.assertEqual(service.lines()[-1]["message"], "stopped")
        with sqlite3.connect(pathlib.Path(self.folder) / "var/queue.db") as stored:
            self.assertTrue(job)
            self.assertEqual(stored.execute("PRAGMA integrity_check").fetchone(), ("ok",))


class Crash(StarterTest):
    def test_killed_between_the_202_and_the_mail(self):
        rounds = 20 if LONG else 3
        jobs = []
        for _ in range(rounds):
            service = self.start().listening()
            for _ in range(5):
                jobs.append(service.sign_up(f"n{len(jobs)}", f"n{len(jobs)}@example.com"))
            service.process.kill()  # at once: some mails are written, some are not
            service.process.wait()
        service = self.start().listening()
        for job in jobs:
            service.completed(job)
        receivers = [email.message_from_bytes(p.read_bytes(), policy=email.policy.default)["To"] for p in service.mails()]
        self.assertEqual(sorted(receivers), sorted(f"n{i}@example.com" for i in range(len(jobs))))
        self.assertEqual(service.end(), 0)
        with sqlite3.connect(pathlib.Path(self.folder) / "var/queue.db") as queue:
            self.assertEqual(queue.execute("pragma integrity_check").fetchone(), ("ok",))


class FullDisk(StarterTest):
    def test_nothing_acknowledged_is_lost(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.folder], capture_output=True).returncode:
            self.skipTest("a small tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder])
        logs = tempfile.mkdtemp(prefix="infra-starter-logs-")
        self.addCleanup(shutil.rmtree, logs, ignore_errors=True)
        os.symlink(f"{logs}/log.jsonl", f"{self.folder}/log.jsonl")
        os.symlink(f"{logs}/stderr.txt", f"{self.folder}/stderr.txt")

        service = self.start().listening()
        first = service.sign_up()
        service.completed(first)
        filler = pathlib.Path(self.folder) / "filler"
        with open(filler, "wb", buffering=0) as fill:
            try:
                while True:
                    fill.write(b"\0" * 4096)
            except OSError:
                pass
        name = "x" * 90
        acknowledged = []

        def refused():
            response = service.ask("POST", "/signup", json.dumps({"name": name, "email": "a@example.com"}))
            if response.status == 202:
                acknowledged.append(json.loads(response.text)["job_id"])
                return None
            self.assertIn(response.status, (500, 503), response.text)
            return response
        until(refused, "the full disk to be noticed")

        filler.unlink()
        acknowledged.append(until(lambda: self.try_sign_up(service), "the service to take jobs again"))
        for job in acknowledged:
            service.completed(job)
        self.assertEqual(service.end(), 0)

    def try_sign_up(self, service):
        response = service.ask("POST", "/signup", '{"name":"A","email":"a@example.com"}')
        return json.loads(response.text)["job_id"] if response.status == 202 else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
