#!/usr/bin/env python3
"""Images of services, built from their Dockerfiles, run as compose.yaml has the starter run, asked and stopped. All of infra is compiled for
it: for ./test --long.

    BUILD=build/dev STARTER=build/dev/bin/starter python3 image_test.py [Class[.test]]       or STARTER_IMAGE=name, of one that this machine has

The root of debian_root.py stands for debian:12-slim: no registry of images is asked. It also needs buildah, podman and the network. Images
are kept in the build folder, apart from the machine's own, and go with the test.
"""

import functools
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import zlib

import yaml

import debian_root
from debian_root import BUILD, ROOT, run

sys.path.insert(0, str(ROOT / "examples/starter/tests"))
from starter_test import PATIENCE, Service, until  # noqa: E402

DOCKER = ROOT / "packaging/docker"
STORE = BUILD / "images"
RUNS = f"/run/infra-{zlib.crc32(bytes(BUILD)):08x}"  # podman wants a short path
GIVEN = os.environ.get("STARTER_IMAGE")
SERVICES = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


def stored():
    """Where buildah and podman keep images and containers."""
    return [] if GIVEN else [f"--root={STORE / 'kept'}", f"--runroot={RUNS}"]


def buildah(*words):
    return run("buildah", *stored(), *words)


def podman(*words):
    """The words of a command line. crun refuses a machine with both generations of cgroups: it is shown the first alone."""
    first = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec podman "$@"'
    return ["unshare", "--mount", "sh", "-c", first, "podman", *stored(), *words]


def make_base():
    with subprocess.Popen(["tar", "-C", debian_root.made_root(), "-c", "."], stdout=subprocess.PIPE) as root:
        run(*podman("import", "-q", "-", "local/debian-root"), stdin=root.stdout)
    assert root.returncode == 0
    container = buildah("from", "--pull-never", "local/debian-root").strip()
    with tempfile.NamedTemporaryFile("w") as settings:  # as in Debian's own images: who loses power builds the image anew
        settings.write("force-unsafe-io\n")
        settings.flush()
        buildah("copy", "--chmod=644", container, settings.name, "/etc/dpkg/dpkg.cfg.d/docker-apt-speedup")
    if trusted := os.environ.get("NODE_EXTRA_CA_CERTS"):  # behind a proxy of its own, npm must trust it in the image, too
        buildah("copy", container, trusted, "/etc/trusted.pem")
        buildah("config", "--env", "NODE_EXTRA_CA_CERTS=/etc/trusted.pem", container)
    buildah("commit", "-q", "--rm", container, "docker.io/library/debian:12-slim")


def forget_images():
    subprocess.run(podman("rmi", "-a", "-f"), capture_output=True)
    shutil.rmtree(STORE, ignore_errors=True)
    shutil.rmtree(RUNS, ignore_errors=True)


def setUpModule():
    if not GIVEN and "INFRA_TEST_LONG" not in os.environ:
        raise unittest.SkipTest("programs are compiled in it: ./test --long")
    if missing := debian_root.what_is_missing("buildah", "podman"):
        raise unittest.SkipTest(missing)
    if not GIVEN:
        forget_images()
        unittest.addModuleCleanup(forget_images)
        make_base()


def build(dockerfile, name, context):
    buildah("build", "--isolation=chroot", "--network=host", "--format=docker", "--pull=never", "-f", dockerfile, "-t", name, context)
    return name


@functools.cache
def image_of_the_starter():
    return GIVEN or build(DOCKER / "Dockerfile", "starter", ROOT)


def composed():
    """How compose.yaml has the service run, as flags of podman's; within the limits that this machine sets."""
    app = SERVICES["app"]
    limits = {"nproc": 4096, "nofile": min(app["ulimits"]["nofile"], resource.getrlimit(resource.RLIMIT_NOFILE)[1])}
    flags = ["--read-only"] if app["read_only"] else []
    flags += [f"--tmpfs={path}" for path in app["tmpfs"]]
    flags += [f"--cap-drop={name}" for name in app["cap_drop"]]
    flags += [f"--security-opt={option}" for option in app["security_opt"]]
    flags += [f"--ulimit={name}={limit}:{limit}" for name, limit in limits.items()]
    return flags


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Container(Service):
    """An image in the place of the program. The folder is a volume: that of what the image keeps."""

    def __init__(self, image, folder, kept, flags, **variables):
        self.name = pathlib.Path(folder).name
        self.log_path, self.err_path, self.begin = pathlib.Path(folder) / "log.jsonl", pathlib.Path(folder) / "stderr.txt", 0
        run(*podman("volume", "create", self.name))
        self.folder = pathlib.Path(self.inspect("volume", "Mountpoint"))
        words = ["run", f"--name={self.name}", "--cgroups=disabled", f"--volume={self.name}:{kept}", *composed(), *flags,
                 *(f"--env={name}={value}" for name, value in variables.items()), image]
        with open(self.log_path, "wb") as log, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(podman(*words), stdout=log, stderr=err)

    def inspect(self, what, field):
        return run(*podman(what, "inspect", "--format", f"{{{{.{field}}}}}", self.name)).strip()

    def stderr(self):
        return self.err_path.read_text()

    def inside(self, *words):
        return subprocess.run(podman("exec", self.name, *words), capture_output=True, text=True, timeout=PATIENCE)

    def is_healthy(self):
        """What the image's own check says, asked for now: there may be no systemd here that asks for it all the time."""
        return subprocess.run(podman("healthcheck", "run", self.name), capture_output=True, timeout=PATIENCE).returncode == 0

    def forget(self):
        for words in (("rm", "-f", "-t", "0", self.name), ("volume", "rm", "-f", self.name)):
            subprocess.run(podman(*words), capture_output=True)


class ImageTest(unittest.TestCase):
    image = staticmethod(image_of_the_starter)
    kept = "/data"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="infra-image-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *flags, **variables):
        service = Container(self.image(), self.folder, self.kept, flags, **variables)
        self.addCleanup(service.end, signal.SIGKILL)
        self.addCleanup(service.forget)
        return service.listening()

    def start_on_loopback(self, **variables):
        return self.start("--network=host", HOST="127.0.0.1", PORT=free_port(), **variables)


class Starter(ImageTest):
    def test_a_sign_up_becomes_a_mail_and_the_service_ends_in_order(self):
        service = self.start_on_loopback()
        self.assertEqual(service.completed(service.sign_up())["attempts_made"], 1)
        self.assertEqual(len(service.mails()), 1)
        self.assertEqual(service.ask("GET", "/").status, 200)
        self.assertTrue(service.is_healthy())
        self.assertEqual(service.inspect("container", "State.Health.Status"), "healthy")
        self.assertEqual(service.end(), 0)
        self.assertEqual(service.lines()[-1]["message"], "stopped")

    def test_it_listens_for_others_where_it_is_told_nothing(self):
        service = self.start("--network=none")
        self.assertEqual(service.port, 3000)
        self.assertIn(" 00000000:0BB8 ", service.inside("cat", "/proc/net/tcp").stdout)
        self.assertTrue(service.is_healthy())

    def test_it_may_do_nothing_and_writes_where_it_keeps_its_data_alone(self):
        service = self.start_on_loopback()
        self.assertEqual(service.inside("id", "-u").stdout, "10001\n")
        status = service.inside("cat", "/proc/1/status").stdout
        self.assertRegex(status, r"(?s)CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\n.*NoNewPrivs:\t1\n")
        self.assertNotEqual(service.inside("touch", "/usr/local/bin/other").returncode, 0)
        self.assertEqual(service.inside("stat", "-c", "%u", "/data/var/queue.db").stdout, "10001\n")

    def test_nothing_of_the_build_is_left_in_it(self):
        service = self.start_on_loopback()
        self.assertEqual(service.inside("find", "/usr", "-xdev", "-name", "clang*", "-o", "-name", "*.[ch]pp", "-o", "-name", "cmake").stdout, "")


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed (Debian package redis-server)")
class StarterOnRedis(ImageTest):
    """Beside a Redis that is set as compose.yaml sets it."""

    def setUp(self):
        super().setUp()
        self.redis_port = free_port()
        self.start_redis()

    def start_redis(self):
        words = [*SERVICES["redis"]["command"], "--bind", "127.0.0.1", "--port", str(self.redis_port)]
        self.redis = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL)
        self.addCleanup(self.redis.wait)
        self.addCleanup(self.redis.kill)
        until(lambda: self.ask_redis("ping") == ["PONG"], "Redis")

    def ask_redis(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.redis_port), *words], capture_output=True, text=True).stdout.split()

    def start_composed(self):
        variables = SERVICES["app"]["environment"] | {"REDIS_URL": f"redis://127.0.0.1:{self.redis_port}"}
        return self.start_on_loopback(**variables)

    def test_jobs_are_there_for_the_next_container(self):
        first = self.start_composed()
        job = first.sign_up()
        first.completed(job)
        self.assertEqual(first.end(), 0)
        first.forget()
        self.start_composed().completed(job)

    def test_it_is_unhealthy_as_long_as_redis_is_away(self):
        service = self.start_composed()
        until(service.is_healthy, "the service to be healthy")
        self.redis.terminate()
        self.redis.wait()
        until(lambda: not service.is_healthy(), "the service to be unhealthy")
        self.start_redis()
        until(service.is_healthy, "the service to be healthy again")
        service.completed(service.sign_up())


@unittest.skipIf(GIVEN, "STARTER_IMAGE is no new service")
class NewService(ImageTest):
    """What `infra new` makes has a Dockerfile of its own, which takes infra from its Debian packages."""

    kept = "/data/var"

    @staticmethod
    @functools.cache
    def image():
        with tempfile.TemporaryDirectory(prefix="infra-new-") as folder:
            project = pathlib.Path(folder) / "shop"
            run(BUILD / "bin/infra", "new", "shop", "--directory", project)
            (project / "packages").mkdir()
            for package in debian_root.made_packages():
                shutil.copy(package, project / "packages")
            return build(project / "Dockerfile", "shop", project)

    def test_it_serves_and_ends_in_order(self):
        service = self.start_on_loopback()
        service.sign_up()
        until(lambda: list(service.folder.glob("outbox/**/*.eml")), "the mail")
        self.assertTrue(service.is_healthy())
        self.assertEqual(service.end(), 0)


if __name__ == "__main__":
    unittest.main()
