#include "support.hpp"

#include <infra/testing/background_conformance.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

// The backend's life. What it stores is in conformance_test.cpp, what the file may do to it in store_test.cpp.

namespace infra::testing {
namespace {

using namespace std::chrono_literals;
using queue::backend;

// Another process holds the file for as long as the test lasts.
struct file_of_another {
    queue::tests::temporary_folder folder;
    std::optional<queue::tests::write_lock> lock;

    std::filesystem::path path() const { return folder / "queue.db"; }
};

// Keeps the backend alive for no longer than the call takes to begin.
template <class Verb>
auto begin(const std::weak_ptr<backend>& stored, Verb verb) {
    const auto alive = stored.lock();
    return alive ? std::optional(verb(*alive)) : std::nullopt;
}

// What an idle worker does.
awaitable<void> look_for_work(std::weak_ptr<backend> stored) {
    try {
        while (auto claiming = begin(stored, [](backend& b) { return b.claim({.queues = {"mail"}, .wait = true}); }))
            co_await std::move(*claiming);
    } catch (const error& e) {
        if (e.code() != errc::closed)
            throw;
    }
}

awaitable<void> wait_for_the_file(backend* stored, std::shared_ptr<file_of_another> file, executor ex) {
    co_await stored->enqueue({queue::tests::make_job("a")});
    file->lock.emplace(file->path());
    asio::co_spawn(ex, stored->enqueue({queue::tests::make_job("b")}), [](auto&&...) {});
    co_await asio::post(ex, asio::use_awaitable);
}

// A file that another process is about to make.
awaitable<void> wait_to_open(backend* stored, std::shared_ptr<file_of_another> file, executor ex) {
    file->lock.emplace(file->path(), "BEGIN EXCLUSIVE");
    asio::co_spawn(ex, stored->enqueue({queue::tests::make_job("a")}), [](auto&&...) {});
    co_await asio::post(ex, asio::use_awaitable);
}

using occupation = awaitable<void> (*)(backend*, std::shared_ptr<file_of_another>, executor);

background_subject make_backend(executor ex, occupation busy) {
    const auto file = std::make_shared<file_of_another>();
    const auto stored = queue::make_sqlite_backend({.file = file->path(), .busy_timeout = 1h});
    auto* const b = stored.get();
    return {.object = stored,
            .run = [weak = std::weak_ptr(stored)] { return look_for_work(weak); },
            .stop = [b](deadline limit) { return b->stop(limit); },
            .make_busy = [b, file, ex, busy] { return busy(b, file, ex); },
            .surroundings = file};
}

background_subject make_waiting(executor ex) { return make_backend(ex, wait_for_the_file); }
background_subject make_opening(executor ex) { return make_backend(ex, wait_to_open); }

INSTANTIATE_TEST_SUITE_P(SqliteBackend, BackgroundConformance,
                         ::testing::Values(background_case{.name = "WaitingForTheLock", .make = make_waiting},
                                           background_case{.name = "Opening", .make = make_opening}),
                         background_name);

} // namespace
} // namespace infra::testing
