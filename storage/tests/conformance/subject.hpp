#pragma once

/// What the suite of bucket_conformance.hpp is given, and what its tests have in common.

#include "../support.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/id.hpp>
#include <infra/storage/bucket.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace infra::storage {

/// One request as somebody without our keys makes it.
struct outside_request {
    http::method method = http::method::get;
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};
struct outside_answer {
    int status = 0;
    http::headers headers{};
    std::string body{};
};

/// One bucket under test. The functions are called while `object` lives, and may not own it.
struct bucket_subject {
    std::shared_ptr<bucket> object{};
    std::string why_not{}; ///< instead of an object: why there is none on this machine

    /// The same place opened again, as another process does. Empty: that cannot be done.
    std::function<std::shared_ptr<bucket>()> another{};

    /// Follows a signed URL. Empty: nobody serves it.
    std::function<outside_answer(outside_request)> fetch{};

    /// Moves the time of who signs and who serves. Empty: they follow the machine's.
    std::function<void(std::chrono::seconds)> advance{};

    /// Whatever must outlive the object: folders, servers, clocks.
    std::shared_ptr<void> surroundings{};
};

struct bucket_case {
    std::string name;
    std::function<bucket_subject()> make;
    std::map<std::string, std::string, std::less<>> gaps{}; ///< name of a test, and why it cannot hold here
};

inline void PrintTo(const bucket_case& each, std::ostream* to) { *to << each.name; }
inline std::string bucket_name(const ::testing::TestParamInfo<bucket_case>& info) { return info.param.name; }

/// Gives `bytes` in pieces, and then an end or a throw.
inline byte_source source_of(std::string bytes, std::size_t piece, bool throws_at_the_end = false) {
    return [bytes = std::make_shared<const std::string>(std::move(bytes)), piece, throws_at_the_end,
            at = std::make_shared<std::size_t>(0)]() -> awaitable<std::string> {
        if (*at == bytes->size() && throws_at_the_end)
            throw std::runtime_error("the source is broken");
        auto next = bytes->substr(*at, piece);
        *at += next.size();
        co_return next;
    };
}

/// A coroutine's parameters are its own, so these may be called with temporaries.
inline awaitable<std::string> all_of(opened from) {
    std::string bytes;
    for (;;) {
        const auto piece = co_await from.pieces();
        if (piece.empty())
            break;
        EXPECT_LE(piece.size(), std::size_t{1} << 20);
        bytes += piece;
    }
    EXPECT_EQ(bytes.size(), from.length);
    co_return bytes;
}
inline awaitable<std::string> read_all(std::shared_ptr<bucket> from, get_request what, deadline limit) {
    co_return co_await all_of(co_await from->get(std::move(what), limit));
}
inline awaitable<object_info> put_bytes(std::shared_ptr<bucket> to, put_request what, std::string bytes,
                                        deadline limit) {
    co_return co_await to->put(std::move(what), {.bytes = std::move(bytes)}, limit);
}

class BucketConformance : public ::testing::TestWithParam<bucket_case> {
protected:
    void SetUp() override {
        std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        name.resize(name.find('/'));
        if (const auto gap = GetParam().gaps.find(name); gap != GetParam().gaps.end())
            GTEST_SKIP() << gap->second;
        subject = GetParam().make();
        if (!subject.object)
            GTEST_SKIP() << subject.why_not;
        can = subject.object->traits();
    }

    static deadline soon() { return deadline::after(std::chrono::seconds(60)); }

    /// A key of this test's alone.
    std::string at(std::string_view name) const { return prefix + std::string(name); }

    template <class T>
    T get(awaitable<T> operation) {
        return loop.get(std::move(operation));
    }
    void wait(awaitable<void> operation) { loop.wait(std::move(operation)); }

    /// How it failed; a code that tests false if it did not.
    template <class T>
    boost::system::error_code failure(awaitable<T> operation) {
        return code(loop.run(std::move(operation))->failure);
    }
    static boost::system::error_code code(std::exception_ptr failed) {
        return failed ? code_of(failed) : boost::system::error_code();
    }

    static std::string word_of(std::exception_ptr failed) {
        try {
            std::rethrow_exception(failed);
        } catch (const storage_error& e) {
            return e.name();
        } catch (...) {
            return describe(std::current_exception());
        }
    }

    /// Some stores answer one of two that write at once so (409 ConditionalRequestConflict).
    static bool refuses_for_now(std::exception_ptr failed) {
        try {
            std::rethrow_exception(failed);
        } catch (const storage_error& e) {
            return e.retryable();
        } catch (...) {
            return false;
        }
    }

    checksum sum_of(std::string_view bytes) const { return checksum_of(bytes, can.sum); }

    put_request request(std::string_view name, std::string_view bytes, write_conditions write = {}) const {
        return {.key = at(name), .write = std::move(write), .checksum = sum_of(bytes)};
    }
    object_info put(std::string_view name, const std::string& bytes, write_conditions write = {}) {
        return get(subject.object->put(request(name, bytes, std::move(write)), {.bytes = bytes}, soon()));
    }
    boost::system::error_code put_failure(std::string_view name, const std::string& bytes, write_conditions write) {
        return failure(subject.object->put(request(name, bytes, std::move(write)), {.bytes = bytes}, soon()));
    }
    std::string read(std::string_view name, std::optional<byte_range> range = {}) {
        return get(read_all(subject.object, {.key = at(name), .range = range}, soon()));
    }
    object_info head(std::string_view name) { return get(subject.object->head(at(name), {}, soon())); }
    bool exists(std::string_view name) {
        const auto failed = failure(subject.object->head(at(name), {}, soon()));
        EXPECT_TRUE(!failed || failed == errc::not_found) << failed.message();
        return !failed;
    }
    void remove(std::string_view name) { wait(subject.object->remove(at(name), {}, soon())); }

    /// Names below the prefix, as they are listed.
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (list_options of{.prefix = prefix};;) {
            const auto page = get(subject.object->list(of, soon()));
            for (const auto& each : page.objects)
                found.push_back(each.key.substr(prefix.size()));
            if (page.token.empty())
                return found;
            of.token = page.token;
        }
    }

    /// Runs `f(i)` on so many threads.
    template <class F>
    static void at_once(int threads, F f) {
        std::vector<std::thread> all;
        for (int i = 0; i < threads; ++i)
            all.emplace_back([&f, i] {
                try {
                    f(i);
                } catch (...) {
                    ADD_FAILURE() << describe(std::current_exception());
                }
            });
        for (auto& each : all)
            each.join();
    }

    bucket_subject subject;
    bucket_traits can;
    const std::string prefix = "c-" + random_hex(6) + "/";
    testing::test_loop loop;
};

} // namespace infra::storage
