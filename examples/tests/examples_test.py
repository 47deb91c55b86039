#!/usr/bin/env python3
"""The examples as programs: each is started without any service around it, used, and ended.

    STARTER=build/dev/bin/chat python3 examples_test.py Chat
"""

import csv
import email
import email.policy
import io
import json
import os
import pathlib
import signal
import socket
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "starter/tests"))
from starter_test import PATIENCE, StarterTest, Visitor, until  # noqa: E402

class Example(StarterTest):
    def document(self, service, method, path, body=None, status=200):
        answer = service.ask(method, path, body if body is None else json.dumps(body))
        self.assertEqual(answer.status, status, answer.text)
        return json.loads(answer.text)

    def ends(self, service):
        self.assertEqual(service.end(), 0, service.stderr())
        self.assertEqual(service.lines()[-1]["message"], "stopped")


class Guest(Visitor):
    """Who has a name, and says so as the page does."""

    def __init__(self, service, name):
        self.name = name
        super().__init__(service, f"Sec-WebSocket-Protocol: infra.realtime.v1, token.{name}\r\n")
        assert self.hear()["type"] == "welcome"

    def enter(self, **more):
        return self.ask(type="subscribe", channel="room:lobby", **more)

    def speak(self, text, channel="room:lobby"):
        return self.ask(type="say", channel=channel, data={"text": text})

    def next_said(self):
        while (message := self.hear())["type"] != "said":
            pass
        return message


class Chat(Example):
    def guest(self, service, name):
        guest = Guest(service, name)
        self.addCleanup(guest.end)
        return guest

    def test_who_comes_back_gets_what_was_said_meanwhile(self):
        service = self.start().listening()
        ada, grace = self.guest(service, "ada"), self.guest(service, "grace")
        ada.enter()
        place = grace.enter()["data"]
        ada.speak("hello")
        first = grace.next_said()
        self.assertEqual(first["data"], {"who": "ada", "text": "hello"})
        grace.end()
        ada.speak("are you there?")
        back = self.guest(service, "grace")
        answer = back.enter(since={"epoch": place["epoch"], "offset": first["offset"]})
        self.assertEqual((answer["type"], answer["data"]["recovered"]), ("subscribed", True))
        self.assertEqual(back.next_said()["data"]["text"], "are you there?")
        self.ends(service)

    def test_nobody_speaks_without_a_name_or_in_anothers(self):
        service = self.start().listening()
        stranger, ada = Visitor(service), self.guest(service, "ada")
        self.addCleanup(stranger.end)
        self.assertEqual(stranger.ask(type="subscribe", channel="room:lobby")["data"]["code"], "forbidden")
        self.assertEqual(stranger.ask(type="say", channel="room:lobby", data={"text": "x"})["data"]["code"], "forbidden")
        forged = ada.ask(type="publish", channel="room:lobby", data={"type": "said", "data": {"who": "grace"}})
        self.assertEqual(forged["data"]["code"], "forbidden")
        self.assertEqual(ada.speak("")["data"]["code"], "bad_text")
        self.assertEqual(ada.speak("x", "elsewhere")["data"]["code"], "forbidden")

    def test_the_page_and_what_it_loads(self):
        service = self.start().listening()
        page = service.ask("GET", "/")
        self.assertIn("default-src 'self'", page.getheader("content-security-policy"))
        for path in ("/pages/chat.js", "/pages/style.css", "/infra/realtime.js"):
            self.assertIn(path, page.text + service.ask("GET", "/pages/chat.js").text)
            self.assertEqual(service.ask("GET", path).status, 200)


class Invoices(Example):
    def test_an_invoice_is_a_mail_with_a_sheet(self):
        service = self.start().listening()
        made = self.document(service, "POST", "/invoices", {"customer": "Ada", "email": "ada@example.com", "lines": [
            {"what": '=2+2 "quoted", with comma', "cents": 1999}, {"what": "tea", "cents": 5}]}, status=202)
        until(lambda: self.document(service, "GET", made["status_url"])["state"] == "completed", "the invoice to be sent")
        (path,) = service.mails()
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        self.assertEqual(mail["To"], "ada@example.com")
        (sheet,) = mail.iter_attachments()
        self.assertEqual(sheet.get_filename(), "invoice.csv")
        rows = list(csv.reader(io.StringIO(sheet.get_content())))
        self.assertEqual(rows, [["what", "euros"], ["'=2+2 \"quoted\", with comma", "19.99"], ["tea", "0.05"], ["in all", "20.04"]])
        self.ends(service)

    def test_what_is_no_invoice_is_refused_by_field(self):
        service = self.start().listening()
        good = {"customer": "Ada", "email": "ada@example.com", "lines": [{"what": "tea", "cents": 5}]}
        for bad, path in (({"email": "nobody"}, "/email"), ({"lines": []}, "/lines"), ({"customer": ""}, "/customer"),
                          ({"lines": [{"what": "x", "cents": -1}]}, "/lines")):
            answer = service.ask("POST", "/invoices", json.dumps(good | bad))
            self.assertEqual((answer.status, json.loads(answer.text)["error"]["path"]), (422, path))


class Images(Example):
    IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(100)

    def put(self, upload, body):
        headers = {name: value for name, value in upload["headers"].items() if name.lower() != "content-length"}
        request = urllib.request.Request(upload["url"], body, headers, method="PUT")  # which says the length, as browsers do
        try:
            return urllib.request.urlopen(request, timeout=PATIENCE).status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_an_image_goes_into_the_storage_and_comes_back_by_signed_urls(self):
        service = self.start().listening()
        upload = self.document(service, "POST", "/uploads", {"type": "image/png", "size": len(self.IMAGE)}, status=201)
        early = service.ask("POST", "/images", json.dumps({"key": upload["key"]}))
        self.assertEqual(early.status, 404, "nothing has arrived")
        self.assertEqual(self.put(upload, self.IMAGE), 200)
        self.document(service, "POST", "/images", {"key": upload["key"]}, status=201)
        (image,) = self.document(service, "GET", "/images")["images"]
        with urllib.request.urlopen(image["url"], timeout=PATIENCE) as answer:
            self.assertEqual((answer.read(), answer.headers["content-type"]), (self.IMAGE, "image/png"))
        unsigned = image["url"].split("?")[0]
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(unsigned, timeout=PATIENCE)
        self.assertEqual(refused.exception.code, 403)
        self.ends(service)

    def test_a_url_is_good_for_what_it_was_given_for(self):
        service = self.start().listening()
        upload = self.document(service, "POST", "/uploads", {"type": "image/png", "size": len(self.IMAGE)}, status=201)
        self.assertEqual(self.put(upload, self.IMAGE + b"more"), 403)
        other = {name: "text/html" if name.lower() == "content-type" else value for name, value in upload["headers"].items()}
        self.assertEqual(self.put(upload | {"headers": other}, self.IMAGE), 403)
        for bad in ({"type": "text/html", "size": 5}, {"type": "image/png", "size": 11 << 20}, {"type": "image/png", "size": 0}):
            self.assertEqual(service.ask("POST", "/uploads", json.dumps(bad)).status, 422)
        self.assertEqual(service.ask("POST", "/images", '{"key": "images/x"}').status, 422)
        self.assertEqual(self.document(service, "GET", "/images"), {"images": []})


class Cron(Example):
    def test_work_is_done_at_its_times(self):
        service = self.start().listening()
        until(lambda: self.document(service, "GET", "/runs")["heartbeat"] >= 2, "two heartbeats")
        jobs = {job["name"]: job for job in self.document(service, "GET", "/")["jobs"]}
        self.assertEqual(set(jobs), {"heartbeat", "nightly-report", "refresh-prices"})
        self.assertEqual(jobs["nightly-report"]["next"] % 3_600_000, 0, "on the hour")
        self.assertGreaterEqual(jobs["heartbeat"]["runs"], 1)
        self.ends(service)


class PlainAsio(Example):
    def test_lines_are_answered_by_jobs(self):
        service = self.start().listening()
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as client:
            file = client.makefile("rwb")
            for line in (b"hello\n", b"two words\n"):
                file.write(line)
                file.flush()
                self.assertEqual(file.readline(), line.upper())
        self.assertEqual(service.end(), 0)

    def test_a_line_without_an_end_is_not_kept(self):
        service = self.start().listening()
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as client:
            client.sendall(b"x" * 5000)
            try:
                self.assertEqual(client.recv(1), b"")
            except ConnectionResetError:
                pass  # gone as well
        self.assertEqual(service.end(signal.SIGINT), 0)


class ForeignServer(Example):
    def test_orders_become_jobs(self):
        service = self.start().listening()
        made = self.document(service, "POST", "/orders", {"sku": "A-1", "count": 2}, status=202)
        until(lambda: self.document(service, "GET", made["status_url"])["state"] == "completed", "the order to be shipped")
        self.assertIn("/count", self.document(service, "POST", "/orders", {"sku": "A-1", "count": "two"}, status=422)["error"])
        self.document(service, "GET", "/orders/nobody", status=404)
        self.assertEqual(self.document(service, "GET", "/health")["status"], "healthy")
        self.assertIn("queue_jobs_completed_total", service.ask("GET", "/metrics").text)
        self.ends(service)


if __name__ == "__main__":
    unittest.main()
