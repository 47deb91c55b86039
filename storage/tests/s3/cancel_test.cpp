// Whoever waits for a store of his own accord no longer, at any moment: what was put is there wholly or not at all, what was read is
// whole or not there, and nothing that is bounded (requests at once, memory for parts, uploads) is used up by it.

#include "proof.hpp"
#include "support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace infra::storage {
namespace {

using namespace proof;

awaitable<void> let_go_of(awaitable<object_info> work) { co_await std::move(work); }

awaitable<void> read_all(infra::storage::storage files, std::string key) {
    auto from = co_await files.open(std::move(key));
    while (!(co_await from.read()).empty()) {
    }
}

class S3Cancellation : public ::testing::Test {
protected:
    stub::server s3;
    temporary_folder folder;
    event_loop loop;
    std::string old_bytes = bytes(2 * part_bytes + 1000, 1);
    std::string new_bytes = bytes(2 * part_bytes + 2000, 2);
    infra::storage::storage files = files_with_little_room();

    S3Cancellation() { loop.start(); }

    // A leak of one place or one part is seen soon.
    infra::storage::storage files_with_little_room() const {
        auto with = impatient(bucket_at(s3.endpoint(), s3.keys()));
        with.max_requests = 4;
        with.concurrency = 3;
        with.max_buffered = 3 * part_bytes;
        return infra::storage::storage(with);
    }

    std::string target() const { return folder / "target"; }

    awaitable<void> some(std::uint64_t which) {
        switch (which % 6) {
        case 0: return let_go_of(files.put("a", new_bytes));
        case 1: return let_go_of(files.put("a", old_bytes));
        case 2: return let_go_of(files.download("a", target()));
        case 3: return read_all(files, "a");
        case 4: return let_go_of(files.copy("a", "b"));
        default: return let_go_of(files.put("c", pieces{source()}));
        }
    }

    byte_source source() const {
        const auto left = std::make_shared<int>(12);
        return
            [left]() -> awaitable<std::string> { co_return (*left)-- > 0 ? std::string(1 << 20, 'x') : std::string(); };
    }

    void cancel_after(awaitable<void> work, std::chrono::microseconds delay) {
        asio::cancellation_signal signal;
        auto done = asio::co_spawn(loop.get_executor(), std::move(work),
                                   asio::bind_cancellation_slot(signal.slot(), asio::use_future));
        std::this_thread::sleep_for(delay); // at any moment: whichever it is, what follows must hold
        asio::post(loop.get_executor(), asio::use_future([&] { signal.emit(asio::cancellation_type::terminal); }))
            .get();
        ASSERT_EQ(done.wait_for(20s), std::future_status::ready) << "it does not end";
        try {
            done.get();
        } catch (const boost::system::system_error&) { // cancelled, or a target that another is writing
        }
    }

    bool is_one_of_ours(const std::string& found) const { return found == old_bytes || found == new_bytes; }
};

TEST_F(S3Cancellation, LeavesNothingWhereverItComes) {
    wait(files.put("a", old_bytes));
    std::mt19937_64 random(11);
    for (int i = 0; i < rounds(60, 1000); ++i) {
        cancel_after(some(random()), std::chrono::microseconds(random() % 40'000));
        if (std::filesystem::exists(target())) {
            std::ifstream in(target(), std::ios::binary);
            EXPECT_TRUE(is_one_of_ours({std::istreambuf_iterator<char>(in), {}})) << "round " << i;
            std::filesystem::remove(target());
        }
        for (const auto& each : std::filesystem::directory_iterator(folder.path()))
            ADD_FAILURE() << each.path().filename() << " is left in round " << i;
        if (HasFailure())
            break;
    }
    EXPECT_TRUE(is_one_of_ours(wait(files.get("a")).bytes));
    for (int i = 0; i < 4; ++i) // all the room there is can be had again
        EXPECT_NO_THROW(wait(files.put("a", new_bytes)));
    wait(files.sweep(0ms));
    EXPECT_TRUE(wait(files.bucket()->list_uploads("", "", deadline::after(5s))).uploads.empty());
}

} // namespace
} // namespace infra::storage
