"""OpenStack Swift with its s3api, all of it in one process: the real servers, on ports of loopback that are free.

    python3 swift_server.py DIRECTORY BUCKET ACCESS_KEY SECRET

Needs Debian's python3-swift, and a directory that keeps extended attributes. Prints its endpoint, and
serves until its input ends.
"""
import os
import sys

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402

utils.HASH_PATH_SUFFIX = b"infra"
utils.HASH_PATH_PREFIX = b"infra"

from swift.account.server import AccountController  # noqa: E402
from swift.common.middleware import catch_errors, copy, dlo, gatekeeper, listing_formats, slo, tempauth  # noqa: E402
from swift.common.middleware.s3api import s3api  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.swob import Request  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402
from swift.proxy.server import Application  # noqa: E402

REGION = "us-east-1"


class Cache(dict):
    """What the proxy asks memcached for."""

    def __bool__(self):
        return True

    def get(self, key, raise_on_error=False):
        return dict.get(self, key)

    def set(self, key, value, **_):
        self[key] = value
        return True

    def incr(self, key, delta=1, time=0):
        self[key] = dict.get(self, key, 0) + delta
        return self[key]

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta)

    def delete(self, key, server_key=None):
        self.pop(key, None)

    def set_multi(self, mapping, server_key, **_):
        self.update(mapping)

    def get_multi(self, keys, server_key):
        return [dict.get(self, key) for key in keys]


def cached(app):
    cache = Cache()

    def with_cache(environ, start):
        environ["swift.cache"] = cache
        return app(environ, start)

    return with_cache


def serve(app, socket):
    quiet = open(os.devnull, "w")
    eventlet.spawn(eventlet.wsgi.server, socket, app, quiet, debug=False, custom_pool=eventlet.GreenPool(1000),
                   capitalize_response_headers=False)


def write_ring(directory, name, port):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({"region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "disk"})
    builder.rebalance()
    builder.get_ring().save(os.path.join(directory, name + ".ring.gz"))


def main(directory, bucket, key, secret):
    devices = os.path.join(directory, "devices")
    os.makedirs(os.path.join(devices, "disk"))
    os.setxattr(os.path.join(devices, "disk"), "user.swift.probe", b"x")
    sockets = {name: eventlet.listen(("127.0.0.1", 0)) for name in ("account", "container", "object", "proxy")}
    for name in ("account", "container", "object"):
        write_ring(directory, name, sockets[name].getsockname()[1])
    conf = {"devices": devices, "mount_check": "false", "swift_dir": directory, "log_level": "CRITICAL",
            "disable_fallocate": "true", "account_autocreate": "true", "allow_account_management": "true"}
    serve(AccountController(conf), sockets["account"])
    serve(ContainerController(conf), sockets["container"])
    serve(ObjectController(conf), sockets["object"])

    app = Application(conf)
    account, user = key.split(":")
    made = Request.blank(f"/v1/AUTH_{account}/{bucket}", {"REQUEST_METHOD": "PUT", "swift_owner": True}).get_response(cached(app))
    if made.status_int // 100 != 2:
        sys.exit(f"swift does not make a container: {made.status}")
    for factory, more in (
        (dlo.filter_factory, {}),
        (slo.filter_factory, {"rate_limit_after_segment": "10000"}),
        (copy.filter_factory, {}),
        (tempauth.filter_factory, {f"user_{account}_{user}": f"{secret} .admin"}),
        (s3api.filter_factory, {"location": REGION, "s3_acl": "no", "max_upload_part_num": "10000"}),
    ):
        app = factory(conf, **more)(app)
    app = cached(app)
    for factory in (listing_formats.filter_factory, gatekeeper.filter_factory, catch_errors.filter_factory):
        app = factory(conf)(app)
    serve(app, sockets["proxy"])
    print("http://127.0.0.1:%d" % sockets["proxy"].getsockname()[1], flush=True)
    eventlet.tpool.execute(sys.stdin.read)


if __name__ == "__main__":
    main(*sys.argv[1:])
