#include "outgoing.hpp"

#include "parts/on_pool.hpp"
#include "reading.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::uint64_t longest_piece = 1 << 20;

} // namespace

outgoing::outgoing(core_ptr core, std::string what, byte_source from, std::optional<std::uint64_t> size,
                   checksum_kind kind, progress_teller* told, deadline limit)
    : core_(std::move(core)),
      what_(std::move(what)),
      from_(std::move(from)),
      expected_(size),
      sum_(kind),
      told_(told),
      limit_(limit) {}

// Apart from the time it takes: what runs out of that is no failure of the source's.
awaitable<std::string> outgoing::ask() {
    try {
        co_return co_await from_();
    } catch (...) {
        thrown_ = std::current_exception();
        throw;
    }
}

awaitable<std::string> outgoing::next() {
    auto piece = co_await in_time(core_, ask(), what_ + ", its source", limit_);
    try {
        check(piece);
    } catch (...) {
        thrown_ = std::current_exception();
        throw;
    }
    sum_.update(piece);
    given_ += piece.size();
    if (told_)
        told_->moved(piece.size());
    co_return piece;
}

void outgoing::check(const std::string& piece) {
    if (!expected_)
        return;
    if (given_ + piece.size() > *expected_ || (piece.empty() && given_ < *expected_))
        throw storage_error(infra::errc::invalid_input, what_ + ": its source gives " +
                                                            (piece.empty() ? "only " : "more than ") +
                                                            std::to_string(piece.empty() ? given_ : *expected_) +
                                                            " bytes; pieces::size must be what comes, or empty");
}

awaitable<object_info> unless_thrown(std::shared_ptr<const outgoing> from, awaitable<object_info> work) {
    std::exception_ptr thrown;
    try {
        co_return co_await std::move(work);
    } catch (...) {
        thrown = std::current_exception();
    }
    const auto& first = from->thrown();
    std::rethrow_exception(first && code_of(first) != asio::error::operation_aborted ? first : thrown);
}

byte_source pieces_of(core_ptr core, std::shared_ptr<const regular_file> from) {
    const auto at = std::make_shared<std::uint64_t>(0);
    return [core = std::move(core), from = std::move(from), at]() -> awaitable<std::string> {
        const auto size = static_cast<std::size_t>(std::min(longest_piece, from->size - *at));
        if (size == 0)
            co_return std::string();
        auto piece = co_await on_pool(core, [from, offset = *at, size] {
            std::string bytes(size, '\0');
            bytes.resize(read_at(*from, offset, bytes));
            return bytes;
        });
        *at += piece.size();
        if (piece.size() < size)
            throw storage_error(infra::errc::io, "cannot read " + from->path + ": it became shorter while it was put");
        co_return piece;
    };
}

byte_source put_before(std::string head, byte_source rest) {
    const auto first = std::make_shared<std::string>(std::move(head));
    const auto then = std::make_shared<byte_source>(std::move(rest));
    return [first, then]() -> awaitable<std::string> {
        auto piece = std::exchange(*first, {});
        if (piece.empty() && *then)
            piece = co_await (*then)();
        co_return piece;
    };
}

} // namespace infra::storage
