// URLs and forms of our own stores, in the hands of curl.

#include "tests/curl.hpp"
#include "tests/support.hpp"

#include <infra/http_server.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/serve.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace infra::storage::serve {
namespace {

TEST(ServedForCurl, WorksOnADirectory) {
    if (!curl::is_there())
        GTEST_SKIP() << "curl is not installed";
    const temporary_folder folder;
    const auto store = make_file_bucket(
        {.directory = folder / "store", .sync = durability::unsynced, .public_url = "http://files.test:8080/storage"});
    http::router routes;
    add_signed_urls(routes, storage({.bucket = store}));
    event_loop loop;
    http::server server({loop.get_executor()}, routes, {.port = 0});
    server.listen();
    asio::co_spawn(loop.get_executor(), server.run(), asio::detached);
    loop.start();
    const curl run("--connect-to files.test:8080:127.0.0.1:" + std::to_string(server.port()));
    hold_urls_to_curl(store, run);
    hold_forms_to_curl(store, run);
    loop.stop();
}

} // namespace
} // namespace infra::storage::serve
