#include "budget.hpp"

#include <infra/storage/error.hpp>

namespace infra::storage {
namespace detail {

// Buffers that nobody uses are kept for the next part while others of their size are in use, so that a long upload neither asks
// the system for memory nor has it wiped for each part; with the last of them all are given back.
class buffer_stock {
public:
    using bytes = std::unique_ptr<char[]>;

    bytes take(std::size_t size) {
        const std::scoped_lock lock(mutex_);
        if (size != size_) {
            idle_.clear();
            size_ = size;
            in_use_ = 0;
        }
        auto found = idle_.empty() ? std::make_unique_for_overwrite<char[]>(size) : std::move(idle_.back());
        if (!idle_.empty())
            idle_.pop_back();
        ++in_use_;
        return found;
    }

    void put_back(bytes kept, std::size_t size) noexcept try {
        const std::scoped_lock lock(mutex_);
        if (size != size_ || in_use_ == 0)
            return;
        if (--in_use_ == 0)
            idle_.clear();
        else
            idle_.push_back(std::move(kept));
    } catch (...) { // no memory to remember it: it is given back
    }

private:
    std::mutex mutex_;
    std::size_t size_ = 0;    // guarded by mutex_; of those that are kept
    std::size_t in_use_ = 0;  // likewise; of this size
    std::vector<bytes> idle_; // likewise
};

struct buffer_block {
    buffer_block(std::shared_ptr<buffer_stock> stock, std::size_t bytes_of, ticket for_it)
        : from(std::move(stock)), size(bytes_of), paid(std::move(for_it)), bytes(from->take(size)) {}
    ~buffer_block() { from->put_back(std::move(bytes), size); }
    buffer_block(const buffer_block&) = delete;
    buffer_block& operator=(const buffer_block&) = delete;

    const std::shared_ptr<buffer_stock> from;
    const std::size_t size;
    const ticket paid; // given back after the bytes
    buffer_stock::bytes bytes;
};

} // namespace detail

std::span<char> part_buffer::room() const noexcept { return {block_->bytes.get(), block_->size}; }

shared_bytes part_buffer::share(std::size_t size) && {
    const auto held = std::move(block_);
    return {held, {held->bytes.get(), size}};
}

part_memory::part_memory(std::size_t most, clock& time, std::function<void(std::ptrdiff_t)> told)
    : time_(time),
      line_(std::make_shared<line>(most, std::move(told))),
      stock_(std::make_shared<detail::buffer_stock>()) {}

awaitable<ticket> part_memory::reserve(std::size_t size, deadline limit) const {
    const auto held = line_;
    try {
        co_return co_await held->take(size, limit, time_);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    throw storage_error(infra::errc::overloaded,
                        "parts of other calls took all memory there is for them until the time was up; raise "
                        "storage_options::max_buffered, or put fewer objects at once");
}

awaitable<part_buffer> part_memory::take(std::size_t size, deadline limit) const {
    const auto stock = stock_;
    auto paid = co_await reserve(size, limit);
    co_return part_buffer(std::make_shared<detail::buffer_block>(stock, size, std::move(paid)));
}

} // namespace infra::storage
