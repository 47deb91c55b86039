#include <infra/testing/socket_pair.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::testing {
namespace detail {

pipe::pipe(const executor& ex, const socket_pair_options& options)
    : changed(ex, asio::steady_timer::time_point::max()), options_(options) {}

std::optional<transferred> pipe::try_read(std::span<char> into) {
    if (reset_)
        return transferred{asio::error::connection_reset};
    const auto size = std::min({into.size(), on_its_way_.size(), options_.max_transfer});
    if (size == 0 && !into.empty())
        return no_more_ ? std::optional(transferred{asio::error::eof}) : std::nullopt;
    std::copy_n(on_its_way_.begin(), size, into.begin());
    on_its_way_.erase(0, size);
    wake();
    return transferred{.bytes = size};
}

std::optional<transferred> pipe::try_write(std::span<const char> from) {
    if (reset_)
        return transferred{asio::error::connection_reset};
    if (unread_ || no_more_)
        return transferred{asio::error::broken_pipe};
    const auto size = std::min({from.size(), options_.capacity - on_its_way_.size(), options_.max_transfer});
    if (size == 0 && !from.empty())
        return std::nullopt;
    on_its_way_.append(from.data(), size);
    wake();
    return transferred{.bytes = size};
}

void pipe::end_writing() noexcept {
    no_more_ = true;
    wake();
}

void pipe::end_reading() noexcept {
    unread_ = true;
    wake();
}

void pipe::reset() noexcept {
    reset_ = true;
    on_its_way_.clear();
    wake();
}

} // namespace detail

memory_socket& memory_socket::operator=(memory_socket&& other) noexcept {
    close();
    ex_ = std::move(other.ex_);
    end_ = std::move(other.end_);
    in_ = std::move(other.in_);
    out_ = std::move(other.out_);
    return *this;
}

void memory_socket::shutdown_send() noexcept { out_->end_writing(); }

void memory_socket::cancel() noexcept {
    ++end_->cancellations;
    in_->wake();
    out_->wake();
}

void memory_socket::close() noexcept {
    if (!is_open())
        return;
    end_->open = false;
    cancel();
    in_->end_reading();
    out_->end_writing();
}

void memory_socket::reset() noexcept {
    if (!is_open())
        return;
    in_->reset();
    out_->reset();
    close();
}

std::pair<memory_socket, memory_socket> make_socket_pair(executor ex, socket_pair_options options) {
    if (options.capacity == 0)
        throw std::invalid_argument("testing::socket_pair_options::capacity must be at least 1");
    if (options.max_transfer == 0)
        throw std::invalid_argument("testing::socket_pair_options::max_transfer must be at least 1");
    const auto there = std::make_shared<detail::pipe>(ex, options);
    const auto back = std::make_shared<detail::pipe>(ex, options);
    return {memory_socket(ex, back, there), memory_socket(ex, there, back)};
}

} // namespace infra::testing
