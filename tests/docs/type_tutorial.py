#!/usr/bin/env python3
"""Types docs/tutorial.md word by word, as a reader would, and compares what is shown with what the page says.

    type_tutorial.py PAGE PREFIX COMPILER [FLAGS]

PREFIX is where infra is installed; the page calls it /opt/infra. A comment above a block says what is done with it:

    <!-- file main.cpp -->                      it is the file
    <!-- main.cpp above "int main() {" -->      it goes above that line of the file
    <!-- main.cpp instead of "…" -->            it takes the place of that line
    <!-- terminal 1 -->                         typed where the service runs, which gets a Ctrl-C first; the last command stays
    <!-- terminal 1 shows -->                   what the service says meanwhile
    <!-- terminal 2 -->                         typed beside it
    <!-- terminal 2 soon -->                    the same, again and again until it is answered so
    <!-- terminal 3 -->                         one command that stays there, until the service or the next one goes
    <!-- terminal 3 shows -->                   what it says meanwhile
    <!-- not typed -->                          for the reader alone

After `$ ` stands a command, then what it answers. `…` is anything within a line; alone on a line it is any lines.
"""

import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 300  # seconds, for what takes a reader one: builds on a busy machine, with sanitizers
BLOCK = re.compile(r"^<!-- (?P<what>.+?) -->\n+```(?P<kind>\S*)\n(?P<text>.*?)^```$", re.S | re.M)
FENCE = re.compile(r"^```\S*\n.*?^```$", re.S | re.M)
PORT = "3000"  # the page's
SKIPPED = 77


class Mistake(Exception):
    pass


def pattern(lines):
    """What matches these lines."""
    parts = []
    for line in lines:
        if line == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(".*".join(map(re.escape, line.split("…"))) + r" *\n")
    return re.compile("^" + "".join(parts), re.M)


def commands(text):
    """Each command of a block with the lines that it answers."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif not found:
            raise Mistake(f"stands before any command: {line}")
        else:
            found[-1][1].append(line)
    return found


def free_port():
    """One that the system gives to nobody by itself: between two starts of the service, builds long, it is held by nobody."""
    first_given = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(max(1024, first_given // 2), first_given), 100):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Mistake(f"no port below {first_given} is free")


class Terminal:
    """One in which a program stays."""

    def __init__(self, name, command, as_shown, **surroundings):
        self.name, self.as_shown, self.said = name, as_shown, ""
        self.end, end = pty.openpty()
        self.program = subprocess.Popen(["bash", "-c", "exec " + command], stdin=end, stdout=end, stderr=end, start_new_session=True,
                                        **surroundings)
        os.close(end)

    def listen(self, seconds):
        ready, _, _ = select.select([self.end], [], [], seconds)
        try:
            data = os.read(self.end, 65536) if ready else b""
        except OSError:  # its end
            return False
        self.said += self.as_shown(data.decode(errors="replace"))
        return not ready or bool(data)

    def expect(self, lines):
        wanted, give_up = pattern(lines), time.monotonic() + PATIENCE
        while not (found := wanted.search(self.said)):
            if time.monotonic() > give_up or not self.listen(0.1):
                raise Mistake(f"{self.name}:\n{self.said}--- and not\n" + "\n".join(lines))
        self.said = self.said[found.end():]

    def interrupt(self):
        """Ctrl-C; how the program ended."""
        self.program.send_signal(signal.SIGINT)
        give_up = time.monotonic() + PATIENCE
        while self.program.poll() is None and time.monotonic() < give_up:
            self.listen(0.1)
        while self.program.poll() is not None and self.listen(0):
            if not select.select([self.end], [], [], 0)[0]:
                break
        return self.program.poll()

    def close(self):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.end)


class Reader:
    def __init__(self, folder, prefix, compiler, flags):
        self.folder = folder
        self.port = str(free_port())
        self.names = {"/opt/infra": prefix, "clang++-19": compiler, f"127.0.0.1:{PORT}": f"127.0.0.1:{self.port}"}
        self.environment = {k: v for k, v in os.environ.items() if k in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")}
        self.environment |= {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "HOME": str(folder), "PORT": self.port,
                             "CXXFLAGS": flags, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self.terminals = {}

    def as_typed(self, text):
        for of_page, here in self.names.items():
            text = text.replace(of_page, here)
        return text

    def as_shown(self, text):
        for of_page, here in self.names.items():
            text = text.replace(here, of_page)
        return text.replace("\r\n", "\n")

    # --- files ---

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name, where, line, text):
        path = self.folder / name
        lines = path.read_text().splitlines(keepends=True)
        places = [i for i, each in enumerate(lines) if each.strip() == line.strip()]
        if len(places) != 1:
            raise Mistake(f"{name} has {len(places)} lines {line!r}")
        at = places[0]
        lines[at:at + (where == "instead of")] = [text]
        path.write_text("".join(lines))

    # --- terminal 2 ---

    def type(self, text, soon=False):
        for command, answer in commands(text):
            give_up = time.monotonic() + PATIENCE
            while True:
                ran = subprocess.run(["bash", "-c", self.as_typed(command)], cwd=self.folder, env=self.environment, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
                shown = self.as_shown(ran.stdout)
                if shown and not shown.endswith("\n"):
                    shown += "\n"
                if pattern(answer).fullmatch(shown):
                    break
                if not soon or time.monotonic() > give_up:
                    raise Mistake(f"$ {command}\n{shown}--- and not\n" + "\n".join(answer))
                time.sleep(0.2)

    # --- terminals in which something stays ---

    def stay(self, name, command, shown):
        self.leave(name)
        self.terminals[name] = Terminal(name, self.as_typed(command), self.as_shown, cwd=self.folder, env=self.environment)
        self.expect(name, shown)

    def serve(self, text):
        self.end()
        *before, (service, shown) = commands(text)
        for command, answer in before:
            self.type("\n".join([f"$ {command}", *answer]))
        *steps, program = service.split(" && ")
        for step in steps:  # what they print is theirs
            self.type(f"$ {step} >step.log 2>&1 || cat step.log")
        self.stay("terminal 1", program, shown)

    def watch(self, text):
        ((command, shown),) = commands(text)
        self.stay("terminal 3", command, shown)

    def expect(self, name, lines):
        if name not in self.terminals:
            raise Mistake(f"nothing runs in {name}")
        self.terminals[name].expect(lines)

    def leave(self, name):
        if terminal := self.terminals.pop(name, None):
            terminal.close()

    def end(self):
        """Ctrl-C to the service, which ends well."""
        if "terminal 1" in self.terminals:
            service = self.terminals["terminal 1"]
            if (code := service.interrupt()) != 0:
                raise Mistake(f"the service ended with {code}:\n{service.said}")
        self.leave("terminal 3")

    def close(self):
        for name in list(self.terminals):
            self.leave(name)

    def follow(self, what, text):
        if found := re.fullmatch(r"file (\S+)", what):
            self.write(found[1], text)
        elif found := re.fullmatch(r'(\S+) (above|instead of) "(.+)"', what):
            self.change(found[1], found[2], found[3], text)
        elif what == "terminal 1":
            self.serve(text)
        elif what == "terminal 3":
            self.watch(text)
        elif what in ("terminal 1 shows", "terminal 3 shows"):
            self.expect(what.removesuffix(" shows"), text.splitlines())
        elif what == "terminal 1 Ctrl-C":
            self.end()
            self.expect("terminal 1", text.splitlines())
        elif what in ("terminal 2", "terminal 2 soon"):
            self.type(text, soon=what.endswith("soon"))
        elif what != "not typed":
            raise Mistake(f"what is that? {what}")


def main():
    page, prefix, compiler, *flags = sys.argv[1:]
    if not shutil.which("jq"):
        print("jq is not installed (Debian package jq)")
        return SKIPPED
    text = pathlib.Path(page).read_text()
    blocks = list(BLOCK.finditer(text))
    if len(blocks) != len(FENCE.findall(text)):
        sys.exit(f"{page}: a block has no comment that says what is done with it")
    folder = pathlib.Path(tempfile.mkdtemp())
    reader = Reader(folder, prefix, compiler, " ".join(flags))
    try:
        for block in blocks:
            try:
                reader.follow(block["what"], block["text"])
            except (Mistake, subprocess.TimeoutExpired) as mistake:
                sys.exit(f"{page}:{text.count(chr(10), 0, block.start()) + 1}: {block['what']}\n{mistake}")
        print(f"{len(blocks)} blocks typed")
        return 0
    finally:
        reader.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
