#include "feed.hpp"

#include "line.hpp"
#include "on_pool.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace infra::storage {
namespace {

// Read and summed while it is still in the processor's cache.
constexpr std::size_t stride = 256u << 10;

class bytes_feed final : public part_feed {
public:
    bytes_feed(core_ptr core, shared_bytes bytes, part_plan plan, checksum_kind kind)
        : core_(std::move(core)), bytes_(std::move(bytes)), plan_(plan), kind_(kind) {}

    awaitable<std::optional<fed_part>> next(deadline) override {
        if (given_ == plan_.count())
            co_return std::nullopt;
        const auto part = plan_.at(++given_);
        auto bytes = bytes_.from(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.size));
        const auto sum = co_await on_pool(core_, [bytes, kind = kind_] { return checksum_of(bytes.view(), kind); });
        co_return fed_part{part.number, std::move(bytes), sum};
    }

private:
    const core_ptr core_;
    const shared_bytes bytes_;
    const part_plan plan_;
    const checksum_kind kind_;
    int given_ = 0;
};

class file_feed final : public part_feed {
public:
    file_feed(core_ptr core, std::shared_ptr<const regular_file> from, part_plan plan, std::vector<int> numbers,
              checksum_kind kind)
        : core_(std::move(core)), from_(std::move(from)), plan_(plan), numbers_(std::move(numbers)), kind_(kind) {}

    awaitable<std::optional<fed_part>> next(deadline limit) override {
        if (given_ == numbers_.size())
            co_return std::nullopt;
        const auto part = plan_.at(numbers_[given_++]);
        const auto size = static_cast<std::size_t>(part.size);
        auto buffer = co_await core_->memory.take(size, memory_limit(*core_, limit));
        const auto sum = co_await core_->pool().run(
            [from = from_, part, buffer, kind = kind_] { return read_slice(*from, part, buffer.room(), kind); });
        co_return fed_part{part.number, std::move(buffer).share(size), sum};
    }

private:
    const core_ptr core_;
    const std::shared_ptr<const regular_file> from_;
    const part_plan plan_;
    const std::vector<int> numbers_;
    const checksum_kind kind_;
    std::size_t given_ = 0;
};

class pieces_feed final : public part_feed {
public:
    pieces_feed(core_ptr core, pieces from, std::uint64_t part_size, std::string key, checksum_kind kind)
        : core_(std::move(core)),
          from_(std::move(from)),
          part_size_(static_cast<std::size_t>(part_size)),
          key_(std::move(key)),
          kind_(kind) {}

    awaitable<std::optional<fed_part>> next(deadline limit) override {
        auto mine = co_await reading_->take(1, limit, core_->time()); // a source gives one piece at a time
        if (ended_)
            co_return std::nullopt;
        auto buffer = co_await core_->memory.take(part_size_, memory_limit(*core_, limit));
        const auto filled = co_await fill(buffer.room());
        if (filled == 0 && given_ > 0)
            co_return std::nullopt;
        const auto number = ++given_;
        mine = ticket();
        auto bytes = std::move(buffer).share(filled);
        const auto sum = co_await on_pool(core_, [bytes, kind = kind_] { return checksum_of(bytes.view(), kind); });
        co_return fed_part{number, std::move(bytes), sum};
    }

private:
    awaitable<std::size_t> fill(std::span<char> room) {
        std::size_t filled = 0;
        while (filled < room.size() && co_await has_more()) {
            const auto moved = std::min(room.size() - filled, piece_.size() - used_);
            std::memcpy(room.data() + filled, piece_.data() + used_, moved);
            filled += moved;
            used_ += moved;
        }
        co_return filled;
    }

    awaitable<bool> has_more() {
        if (used_ < piece_.size())
            co_return true;
        if (ended_)
            co_return false;
        piece_ = co_await next_piece();
        used_ = 0;
        came_ += piece_.size();
        ended_ = piece_.empty();
        check_length();
        co_return !ended_;
    }

    awaitable<std::string> next_piece() {
        const auto limit = deadline::after(core_->options.timeout, core_->time().steady());
        bool late = false;
        try {
            co_return co_await with_deadline(from_.next(), limit, core_->time());
        } catch (const error& e) {
            late = e.code() == infra::errc::timed_out && limit.passed(core_->time().steady());
            if (!late)
                throw;
        }
        throw storage_error(infra::errc::timed_out,
                            "put " + key_ + ": its source gave nothing within storage_options::timeout");
    }

    void check_length() const {
        if (from_.size && (came_ > *from_.size || (ended_ && came_ < *from_.size)))
            throw storage_error(infra::errc::invalid_input, "put " + key_ + ": the source gave " +
                                                                (ended_ ? std::to_string(came_) : "more") +
                                                                " bytes instead of " + std::to_string(*from_.size));
    }

    const core_ptr core_;
    const pieces from_;
    const std::size_t part_size_;
    const std::string key_;
    const checksum_kind kind_;
    const std::shared_ptr<line> reading_ = std::make_shared<line>(1);
    std::string piece_{};
    std::size_t used_ = 0; // of the piece
    std::uint64_t came_ = 0;
    bool ended_ = false;
    int given_ = 0;
};

} // namespace

feed_ptr feed_of(core_ptr core, shared_bytes bytes, part_plan plan, checksum_kind kind) {
    return std::make_shared<bytes_feed>(std::move(core), std::move(bytes), plan, kind);
}

feed_ptr feed_of(core_ptr core, std::shared_ptr<const regular_file> from, part_plan plan, std::vector<int> numbers,
                 checksum_kind kind) {
    return std::make_shared<file_feed>(std::move(core), std::move(from), plan, std::move(numbers), kind);
}

feed_ptr feed_of(core_ptr core, pieces from, std::uint64_t part_size, std::string key, checksum_kind kind) {
    return std::make_shared<pieces_feed>(std::move(core), std::move(from), part_size, std::move(key), kind);
}

awaitable<std::shared_ptr<const regular_file>> open_on_pool(core_ptr core, std::filesystem::path path) {
    co_return co_await on_pool(
        core, [path = path.string()] { return std::make_shared<const regular_file>(open_regular(path)); });
}

checksum read_slice(const regular_file& from, slice part, std::span<char> room, checksum_kind kind) {
    running_checksum sum(kind);
    for (std::size_t done = 0; done < part.size;) {
        const auto wanted =
            room.subspan(done, std::min<std::size_t>(stride, static_cast<std::size_t>(part.size) - done));
        const auto got = read_at(from, part.offset + done, wanted);
        sum.update({wanted.data(), got});
        done += got;
        if (got < wanted.size())
            throw storage_error(infra::errc::io, from.path + " became shorter while it was put");
    }
    return sum.value();
}

deadline memory_limit(const core& core, deadline limit) {
    constexpr std::size_t slowest_a_second = 64 << 10; // as an attempt is given
    const auto longest = core.options.timeout + std::chrono::seconds(core.options.max_buffered / slowest_a_second);
    return earlier(limit, deadline::after(longest, core.time().steady()));
}

} // namespace infra::storage
