// What verify() says of our own stores while a service answers for them.

#include "served.hpp"

#include "src/verify/fetch.hpp"

#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>
#include <infra/storage/verify.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::storage::serve {
namespace {

awaitable<fetch_answer> follow(std::string url, fetch_request what, deadline limit) {
    const http::client client(co_await asio::this_coro::executor);
    http::client_request sent{
        .method = what.method, .url = std::move(url), .body = std::move(what.body), .deadline = limit};
    sent.headers.set("Host", served_files::host);
    for (const auto& [name, value] : what.headers)
        if (name.size() != 14) // Content-Length is the client's own word
            sent.headers.append(name, value);
    auto answer = co_await client.send(std::move(sent));
    co_return fetch_answer{answer.status, std::move(answer.headers), std::move(answer.body)};
}

void expect_good(std::shared_ptr<bucket> kept) {
    served_files served(kept);
    register_fetcher([&served](fetch_request what, deadline limit) {
        auto url = served.at_port(what.url);
        return follow(std::move(url), std::move(what), limit);
    });
    const auto report = served.loop.get(verify(storage({.bucket = kept})));
    register_fetcher({});
    EXPECT_TRUE(report.usable());
    for (const auto& each : report.checks)
        EXPECT_EQ(each.outcome, outcome::works) << each.name << ": " << each.note;
}

TEST(VerifyServedFiles, FindsNothingWrongWithADirectory) {
    const testing::temporary_folder folder;
    expect_good(make_file_bucket({.directory = folder.path(), .public_url = served_files::public_url}));
}

TEST(VerifyServedFiles, FindsNothingWrongWithMemory) {
    expect_good(make_memory_bucket({.public_url = served_files::public_url}));
}

TEST(VerifyServedFiles, SkipsUrlsThatNobodyServes) {
    register_fetcher([](fetch_request, deadline) -> awaitable<fetch_answer> {
        throw error(infra::errc::unavailable, "GET files.test: connection refused");
        co_return fetch_answer();
    });
    testing::test_loop loop;
    const auto report = loop.get(verify(storage({.bucket = make_memory_bucket()})));
    register_fetcher({});
    EXPECT_TRUE(report.usable());
    for (const auto& each : report.checks)
        EXPECT_EQ(each.outcome, each.name.starts_with("signed") ? outcome::skipped : outcome::works) << each.name;
}

} // namespace
} // namespace infra::storage::serve
