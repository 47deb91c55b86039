#!/usr/bin/env python3
"""./run, ./test, ./bench and what they call: wrong words are refused before anything is built, and setup says why it installs nothing.

    python3 scripts_test.py [Class[.test]]
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[1]


def run(*words, **options):
    return subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **options)


class Arguments(unittest.TestCase):
    def test_each_tells_its_usage(self):
        for script in ("./run", "./test", "./bench"):
            for flag in ("--help", "-h"):
                done = run(script, flag)
                self.assertEqual((done.returncode, done.stderr, done.stdout.split()[0]), (0, "", script))

    def test_wrong_ones_are_named(self):
        for words, said in ((["./run", "3001"], "./run takes no 3001"), (["./test", "--asn"], "./test has no option --asn"),
                            (["./bench", "http", "--jsn"], "./bench has no option --jsn"), (["./bench", "--json"], "--json needs a file"),
                            (["scripts/setup"], "each one of: bench build long"), (["scripts/setup", "build", "tests"], "each one of: bench build"),
                            (["scripts/build"], "scripts/build PRESET"), (["scripts/build", "--help"], "scripts/build PRESET")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(said, done.stderr)

    def test_results_that_cannot_be_written_are_told_of_before_anything_is_built(self):
        done = run("./bench", "--json", "/no/such/folder/results.jsonl")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/no/such/folder/results.jsonl", done.stderr)


class Setup(unittest.TestCase):
    """On a Debian that has nothing installed, with an apt that does as the test says: none of the machine's own programs is reached."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="infra-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        (self.folder / "bin").mkdir()
        for program in ("bash", "cut", "dirname", "env", "grep", "sort", "tr"):
            (self.folder / "bin" / program).symlink_to(shutil.which(program))
        self.program("dpkg-query", "exit 1")
        self.program("apt-cache", "exit 1")
        self.program("apt-get", 'echo "apt-get $*" >&2; exit 100')
        self.program("sh")  # says that no service is to be started
        self.program("rm")

    def program(self, name, does="exit 0"):
        path = self.folder / "bin" / name
        path.write_text(f"#!{shutil.which('bash')}\n{does}\n")
        path.chmod(0o755)

    def setup(self, **options):
        done = run("bash", self.folder / "scripts/setup", "sanitize", env={"PATH": str(self.folder / "bin")}, **options)
        self.assertRegex(done.stdout, r"^Installing 1 Debian packages: llvm-\d+\n$")
        return done

    def as_nobody(self):
        return self.setup(user=65534) if os.geteuid() == 0 else self.setup()

    def test_without_root_and_sudo_it_tells_what_root_would_type(self):
        done = self.as_nobody()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^Installing packages needs root or sudo: apt-get install --no-install-recommends llvm-\d+\n$")

    def test_with_sudo_it_installs(self):
        self.program("sudo", 'echo "sudo" >&2; exec "$@"')
        self.program("apt-get", 'echo "apt-get $*" >&2')
        done = self.as_nobody()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"sudo\napt-get .* install --yes --no-install-recommends llvm-\d+\n")

    def test_where_sudo_refuses_nothing_is_installed(self):
        self.program("sudo", "exit 1")
        done = self.as_nobody()
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("apt-get", done.stderr)
        self.assertIn("apt did not install them", done.stderr)

    def test_where_apt_fails_it_looks_for_newer_lists_and_gives_up(self):
        self.program("sudo", 'exec "$@"')
        self.program("apt-get", 'echo "apt-get $*" >&2; [[ $* == *update ]]')
        done = self.as_nobody()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count(" install --yes "), 2, done.stderr)
        self.assertIn("apt did not install them", done.stderr.splitlines()[-1])

    def test_without_apt_it_leaves_it_to_others(self):
        (self.folder / "bin/apt-get").unlink()
        done = run("bash", self.folder / "scripts/setup", "build", env={"PATH": str(self.folder / "bin")})
        self.assertEqual(done.returncode, 0)
        self.assertIn("scripts/packages lists what is needed", done.stderr)


if __name__ == "__main__":
    unittest.main()
