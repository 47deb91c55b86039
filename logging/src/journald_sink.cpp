#include "descriptor.hpp"
#include "journal_entry.hpp"

#include <infra/logging/journald_sink.hpp>

#include <infra/base/clock.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

#include <errno.h> // program_invocation_short_name
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace infra::logging {
namespace {

using boost::system::error_code;
using detail::descriptor;
using detail::last_error;

constexpr std::size_t kept_entry_memory = 256 * 1024;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(),
                path.size()); // checked_journald_options() saw that it fits, with its zero
    return address;
}

journald_sink_options checked_journald_options(journald_sink_options options) {
    if (options.socket.empty() || options.socket.size() >= sizeof(sockaddr_un::sun_path))
        throw std::invalid_argument("logging::journald_sink_options::socket must have from 1 to 107 bytes");
    if (options.longest_wait.count() < 0)
        throw std::invalid_argument("logging::journald_sink_options::longest_wait must not be negative");
    if (options.identifier.empty())
        options.identifier = program_invocation_short_name;
    return options;
}

bool write_all(int file, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto n = ::write(file, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR)
            return false;
        bytes.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    return true;
}

// Sealed, so that journald may read it in place without fear of its writer.
int sealed_memory(std::string_view bytes) noexcept {
    const int file = ::memfd_create("infra log entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (file >= 0 && write_all(file, bytes) && ::fcntl(file, F_ADD_SEALS, all_seals) == 0)
        return file;
    const int why = errno;
    if (file >= 0)
        ::close(file);
    errno = why;
    return -1;
}

error_code sent(ssize_t result) noexcept { return result < 0 ? last_error() : error_code(); }

error_code send_bytes(int to, std::string_view bytes) noexcept {
    return sent(::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

error_code send_file(int to, int file) noexcept {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)] = {};
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
    return sent(::sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

bool is(const error_code& ec, std::initializer_list<int> numbers) noexcept {
    return std::ranges::find(numbers, ec.value()) != numbers.end();
}

class journald final : public record_sink {
public:
    explicit journald(journald_sink_options options)
        : options_(std::move(options)), address_(address_of(options_.socket)) {}

    outcome write(std::span<const record_view> records) noexcept override {
        const auto limit = deadline::after(stuck_ ? std::chrono::milliseconds(0) : options_.longest_wait);
        outcome result;
        try {
            while (!result.failure && result.taken < records.size()) {
                entry_.clear(kept_entry_memory);
                detail::append_entry(entry_, records[result.taken], options_.identifier);
                result.failure = send_entry(limit);
                result.taken += !result.failure;
            }
        } catch (...) {
            result.failure = code_of(std::current_exception());
        }
        stuck_ = is(result.failure, {ETIMEDOUT}) || (stuck_ && result.failure);
        return result;
    }

private:
    // The socket stays connected, since only then can room be waited for. A journald that was started anew has another one
    // under the same path.
    error_code send_entry(deadline limit) {
        if (!socket_)
            if (const auto failure = connect())
                return failure;
        auto failure = send_connected(limit);
        // An EBADF may also be of the file that a long entry goes in.
        const bool was_closed_by_others =
            is(failure, {ENOTSOCK}) || (is(failure, {EBADF}) && ::fcntl(socket_->number(), F_GETFD) < 0);
        if (was_closed_by_others || is(failure, {ECONNREFUSED, ECONNRESET, ENOTCONN, EPIPE})) {
            if (was_closed_by_others)
                socket_->disown();
            socket_.reset();
            failure = connect();
            if (!failure)
                failure = send_connected(limit);
        }
        return failure;
    }

    error_code connect() {
        const int made = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (made < 0)
            return last_error();
        socket_.emplace(made, true);
        constexpr int roomy = 8 << 20; // cut down to what the system allows
        ::setsockopt(made, SOL_SOCKET, SO_SNDBUF, &roomy, sizeof roomy);
        if (::connect(made, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) == 0)
            return {};
        const auto failure = last_error();
        socket_.reset();
        return failure;
    }

    error_code send_connected(deadline limit) {
        const int to = socket_->number();
        const auto failure = with_patience(limit, [&] { return send_bytes(to, entry_.view()); });
        if (!is(failure, {EMSGSIZE, ENOBUFS}))
            return failure;
        const int file = sealed_memory(entry_.view());
        if (file < 0)
            return last_error();
        const descriptor owned(file, true);
        return with_patience(limit, [&] { return send_file(to, file); });
    }

    template <class Send>
    error_code with_patience(deadline limit, Send send) {
        while (true) {
            const auto failure = send();
            if (is(failure, {EINTR}))
                continue;
            if (!is(failure, {EAGAIN}))
                return failure;
            if (!wait_for_room(limit))
                return {ETIMEDOUT, boost::system::system_category()};
        }
    }

    bool wait_for_room(deadline limit) const noexcept {
        constexpr std::chrono::milliseconds one_poll = std::chrono::hours(1);
        const auto left = std::min(
            one_poll, std::chrono::ceil<std::chrono::milliseconds>(limit.remaining(std::chrono::steady_clock::now())));
        pollfd watched{.fd = socket_->number(), .events = POLLOUT, .revents = 0};
        const int ready = left.count() > 0 ? ::poll(&watched, 1, static_cast<int>(left.count())) : 0;
        return ready > 0 || (ready < 0 && errno == EINTR);
    }

    const journald_sink_options options_;
    const sockaddr_un address_;
    std::optional<descriptor> socket_;
    line_buffer entry_;
    bool stuck_ = false; // it was waited for in vain, and has not taken all since
};

} // namespace

std::shared_ptr<record_sink> journald_sink(journald_sink_options options) {
    return std::make_shared<journald>(checked_journald_options(std::move(options)));
}

} // namespace infra::logging
