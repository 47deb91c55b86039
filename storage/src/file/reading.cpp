#include "reading.hpp"

#include "errors.hpp"
#include "files.hpp"

#include <infra/runtime/default_runtime.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace infra::storage::disk {

reading::reading(descriptor file, resolved_range what, std::string word)
    : file_(std::move(file)), at_(what.offset), left_(what.length), word_(std::move(word)) {}

void reading::read_ahead() {
    if (left_ <= piece / 4)
        ready_ = read();
    else
        ::posix_fadvise(file_.get(), static_cast<off_t>(at_), static_cast<off_t>(left_), POSIX_FADV_SEQUENTIAL);
}

std::string reading::read() {
    std::string bytes(std::min<std::uint64_t>(left_, piece), '\0');
    const auto got = read_at(file_.get(), bytes.data(), bytes.size(), at_);
    if (got < 0)
        fail(errno, word_, "its file");
    if (static_cast<std::size_t>(got) < bytes.size())
        throw storage_error(infra::errc::io, word_ + ": somebody has made its file shorter while it was read");
    at_ += bytes.size();
    left_ -= bytes.size();
    return bytes;
}

awaitable<std::string> next_piece(blocking_pool* pool, std::shared_ptr<reading> from) {
    if (from->is_ready())
        co_return from->take_ready();
    co_return co_await (pool ? *pool : default_blocking_pool()).run([from] { return from->read(); });
}

} // namespace infra::storage::disk
