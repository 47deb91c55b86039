#!/usr/bin/env python3
"""The Debian packages of a build: what is in them, what they depend on, and that programs are built with what they bring.

    BUILD=build/dev CXX=clang++-19 python3 deb_test.py [Class[.test]]
"""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
CXX = os.environ["CXX"]
FLAGS = os.environ.get("CXXFLAGS", "")
ROOT = pathlib.Path(__file__).parents[2]
CONSUMERS = ROOT / "tests/consumers"


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, f"{' '.join(str(word) for word in words)}: {done.returncode}\n{done.stdout}"
    return done.stdout


def cached(name):
    return re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]


class Package:
    """A .deb, taken apart."""

    def __init__(self, path, folder):
        self.path = path
        self.root = folder / path.name.split("_")[0]
        run("dpkg-deb", "-R", path, self.root)
        self.fields = dict(re.findall(r"^(\S+): (.*)$", (self.root / "DEBIAN/control").read_text(), re.M))

    def files(self):
        inside = (path.relative_to(self.root) for path in self.root.rglob("*") if not path.is_dir())
        return {str(path) for path in inside if path.parts[0] != "DEBIAN"}

    def depends(self):
        return {re.split(r"[ :]", one)[0] for one in self.fields["Depends"].split(", ")}


def setUpModule():
    global folder, dev, tools
    for program, package in (("cpack", "cmake"), ("dpkg-shlibdeps", "dpkg-dev")):
        if not shutil.which(program):
            raise unittest.SkipTest(f"{program} is not installed (Debian package {package})")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="infra-deb-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    # What is packed in haste is as good to look into.
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder / "made", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=zstd")
    made = sorted((folder / "made").glob("*.deb"))
    assert [path.name.split("_")[0] for path in made] == ["infra-tools", "libinfra-dev"], made
    tools, dev = (Package(path, folder) for path in made)
    shutil.rmtree(folder / "made/_CPack_Packages")


class Contents(unittest.TestCase):
    def test_they_say_what_they_are(self):
        version = re.search(r"project\(infra VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1] + "-1"
        architecture = run("dpkg", "--print-architecture").strip()
        for package in (dev, tools):
            self.assertEqual((package.fields["Version"], package.fields["Architecture"]), (version, architecture))
            self.assertEqual(package.path.name, f"{package.fields['Package']}_{version}_{architecture}.deb")
            self.assertGreater(int(package.fields["Installed-Size"]), 1000)

    def test_the_libraries_bring_what_the_build_needed(self):
        listed = [line.split() for line in (ROOT / "scripts/packages").read_text().splitlines() if line.startswith("build")]
        wanted = {words[1] for words in listed if words[1].startswith(("lib", "zlib"))}
        brought = dev.depends() - {"libc6-dev"}
        of_programs_and_tests = {"libcli11-dev", "libgtest-dev"}
        comes_with_another = {"libboost1.81-dev"}  # libboost-json1.81-dev
        self.assertEqual(brought, wanted - of_programs_and_tests - comes_with_another)

    def test_the_command_brings_the_libraries_that_it_is_linked_with(self):
        self.assertLessEqual({"libc6", "libcurl4", "libsqlite3-0", "libssl3", "libstdc++6"}, tools.depends())
        self.assertEqual(tools.fields["Recommends"], "ca-certificates, tzdata")  # which are files, and no libraries

    def test_every_header_and_every_module_is_there(self):
        headers = {f"usr/include/{path.relative_to(include)}" for include in ROOT.glob("*/include") for path in include.rglob("*.hpp")}
        files = dev.files()
        self.assertEqual({name for name in files if name.endswith(".hpp")}, headers)
        libdir = f"usr/{cached('CMAKE_INSTALL_LIBDIR')}"
        modules = {name[:-3].split("infra-")[1] for name in files if name.endswith(".pc")}
        self.assertGreater(len(modules), 25)
        for module in modules:
            self.assertIn(f"{libdir}/cmake/infra/infra-{module}-targets.cmake", files)
        libraries = {re.search(r"libinfra_(\w+)\.a$", name)[1] for name in files if name.endswith(".a")}
        self.assertLessEqual(libraries, modules)

    def test_the_command_has_its_page_and_is_completed(self):
        pages = {"man/man1/infra.1.gz", "bash-completion/completions/infra", "zsh/vendor-completions/_infra"}
        self.assertLessEqual({f"usr/share/{page}" for page in pages}, tools.files())

    def test_nothing_lies_elsewhere(self):
        strange = {name for name in dev.files() if not re.match(r"usr/(include/infra|lib/\S+|share/doc/libinfra-dev)", name)}
        strange |= {name for name in tools.files()
                    if not re.match(r"usr/(bin/infra$|share/(doc/infra-tools|infra/packaging|man/man1|bash-completion|zsh/vendor-completions)/)", name)}
        self.assertEqual(strange, set())

    def test_all_is_roots_and_for_everybody_to_read(self):
        for package in (dev, tools):
            for line in run("dpkg-deb", "-c", package.path).splitlines():
                mode, owner, *_, name = line.split()
                wanted = "drwxr-xr-x" if mode[0] == "d" else "-rwxr-xr-x" if "/usr/bin/" in name else "-rw-r--r--"
                self.assertEqual((mode, owner), (wanted, "root/root"), line)

    def test_the_sums_are_right(self):
        for package in (dev, tools):
            sums = (package.root / "DEBIAN/md5sums").read_text()
            self.assertEqual(len(sums.splitlines()), len(package.files()))
            run("md5sum", "--quiet", "-c", "DEBIAN/md5sums", cwd=package.root)

    def test_they_have_a_licence_and_say_what_changed(self):
        for package in (dev, tools):
            documents = package.root / "usr/share/doc" / package.fields["Package"]
            licence = re.sub(r"^ \.?", "", (documents / "copyright").read_text(), flags=re.M)
            self.assertIn((ROOT / "LICENSE").read_text().split("\n\n", 2)[2], licence)
            self.assertEqual(gzip.decompress((documents / "changelog.gz").read_bytes()), (ROOT / "CHANGELOG.md").read_bytes())
            newest = gzip.decompress((documents / "changelog.Debian.gz").read_bytes()).decode().splitlines()[0]
            self.assertIn(f"infra ({package.fields['Version']})", newest)

    def test_pages_made_with_others_work_name_them(self):
        licence = (dev.root / "usr/share/doc/libinfra-dev/copyright").read_text()
        for name in re.findall(r'"([^"]+)": "[\d.]+"', (ROOT / "dashboard/web/package.json").read_text().split("devDependencies")[0]):
            self.assertIn(f"node_modules/{name.split('/')[0]}/", licence)

    def test_nobody_learns_where_they_were_built(self):
        told = [name for package in (dev, tools) for name in package.files()
                if str(ROOT).encode() in (package.root / name).read_bytes()]
        if "-ffile-prefix-map" not in cached("CMAKE_CXX_FLAGS"):
            told = [name for name in told if not name.endswith(".a") and name != "usr/bin/infra"]
        self.assertEqual(told, [])


class Users(unittest.TestCase):
    def test_a_program_finds_it_by_cmake(self):
        made = folder / "cmake"
        run("cmake", "-G", "Ninja", "-S", CONSUMERS / "all_components", "-B", made, f"-DCMAKE_CXX_COMPILER={CXX}",
            f"-DCMAKE_CXX_FLAGS={FLAGS}", f"-DCMAKE_PREFIX_PATH={dev.root}/usr")
        self.assertIn(str(dev.root), (made / "CMakeCache.txt").read_text())
        run("cmake", "--build", made)
        self.assertIn("queue sqlite", run(made / "consumer", cwd=made))

    def test_a_program_finds_it_by_pkg_config(self):
        run(CONSUMERS / "pkg_config/build_and_run", f"{dev.root}/usr", folder / "pkg_config", CXX, FLAGS)

    def test_the_command_runs(self):
        self.assertRegex(run(tools.root / "usr/bin/infra", "version"), r"^infra \d+\.\d+\.\d+ \(Clang ")


if __name__ == "__main__":
    unittest.main()
