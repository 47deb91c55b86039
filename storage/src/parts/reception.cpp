#include "reception.hpp"

#include "../version.hpp"
#include "on_pool.hpp"
#include "stall.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/storage/error.hpp>

#include <exception>
#include <utility>

namespace infra::storage {
namespace {

// So much is written, and summed, at once: a thread is woken less often, and the rest of the parts has something to do meanwhile.
constexpr std::size_t enough = 2u << 20;

struct written {
    std::uint64_t bytes = 0;
    running_checksum sum;
};

written write_pieces(const target_file& to, std::uint64_t offset, const std::vector<std::string>& pieces,
                     running_checksum sum) {
    written made{.sum = std::move(sum)};
    for (const auto& each : pieces) {
        made.sum.update(each);
        to.write(offset + made.bytes, each);
        made.bytes += each.size();
    }
    return made;
}

storage_error cut_off(std::string_view key, std::uint64_t at) {
    return {infra::errc::unavailable,
            "get " + std::string(key) + ": the answer ended early, at byte " + std::to_string(at)};
}

} // namespace

storage_error changed_meanwhile(std::string_view key) {
    return {errc::precondition, "get " + std::string(key) + ": the object was replaced while it was read"};
}

awaitable<checksum> reception::receive(std::shared_ptr<reception> self, std::shared_ptr<progress_teller> told,
                                       deadline limit) {
    if (self->first_ && co_await take_first(self, told, limit))
        co_return self->sum_.value();
    const auto once = [self, told](attempt a) { return self->attempt_once(a, told); };
    while (true) {
        const auto before = self->done_;
        const request_kind how{.op = "get", .key = self->key_, .body = self->part_.size - before};
        try {
            co_await self->core_->calls.run<void>(how, once, limit);
            co_return self->sum_.value();
        } catch (const storage_error& e) {
            if (!e.retryable() || self->done_ == before || limit.passed(self->core_->time().steady()))
                throw; // what gets somewhere may go on for as long as it does
        }
    }
}

// An answer that is there already waits for no turn: those who have one may be waiting for its connection.
awaitable<bool> reception::take_first(std::shared_ptr<reception> self, std::shared_ptr<progress_teller> told,
                                      deadline limit) {
    std::exception_ptr thrown;
    try {
        co_await with_deadline(self->attempt_once({}, std::move(told)), limit, self->core_->time());
        co_return true;
    } catch (...) {
        thrown = std::current_exception();
    }
    if (const auto failure = failure_of(thrown); !failure.retryable() || limit.passed(self->core_->time().steady()))
        throw failure;
    co_return false;
}

awaitable<void> reception::attempt_once(attempt a, std::shared_ptr<progress_teller> told) {
    auto from = co_await open(a);
    *moved_ = core_->time().steady();
    co_await while_moving(take_all(std::move(from.pieces), std::move(told)), moved_, core_->options.timeout,
                          core_->time());
}

awaitable<void> reception::take_all(byte_source from, std::shared_ptr<progress_teller> told) {
    while (done_ < part_.size) {
        auto next = co_await gather(from);
        if (!next.pieces.empty()) {
            const auto bytes = co_await write(std::move(next.pieces));
            told->moved(bytes);
            core_->metrics.received(bytes);
        }
        if (next.failure)
            std::rethrow_exception(next.failure);
        if (next.ended && done_ < part_.size)
            throw cut_off(key_, part_.offset + done_);
    }
}

awaitable<opened> reception::open(attempt a) {
    const auto wanted = part_.size - done_;
    auto from = first_
                    ? std::move(*std::exchange(first_, std::nullopt))
                    : co_await core_->to().get({.key = key_,
                                                .range = byte_range{.offset = part_.offset + done_, .length = wanted},
                                                .read = only_that_version(version_)},
                                               a.limit);
    if (!is_same_version(from.info, version_))
        throw changed_meanwhile(key_); // a store that does not heed the condition
    if (from.offset != part_.offset + done_ || from.length != wanted)
        throw storage_error(errc::integrity, "get " + key_ + ": the store gave other bytes than were asked for");
    co_return from;
}

awaitable<reception::gathered> reception::gather(byte_source& from) {
    gathered made;
    std::uint64_t size = 0;
    try {
        while (!made.ended && size < enough && done_ + size < part_.size) {
            auto piece = co_await from();
            *moved_ = core_->time().steady();
            made.ended = piece.empty();
            size += piece.size();
            if (!made.ended)
                made.pieces.push_back(std::move(piece));
        }
    } catch (...) {
        made.failure = std::current_exception();
    }
    if (done_ + size > part_.size)
        throw storage_error(errc::integrity, "get " + key_ + ": the store gave more bytes than were asked for");
    co_return made;
}

awaitable<std::uint64_t> reception::write(std::vector<std::string> pieces) {
    const auto offset = part_.offset + done_;
    auto made = co_await on_pool_to_the_end(core_, [to = to_, offset, pieces = std::move(pieces), sum = sum_] {
        return write_pieces(*to, offset, pieces, sum);
    });
    sum_ = std::move(made.sum);
    done_ += made.bytes;
    co_return made.bytes;
}

} // namespace infra::storage
