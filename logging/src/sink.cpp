#include <infra/logging/sink.hpp>

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace infra::logging {
namespace {

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

// A pipe whose reader went away is an error to report, not the end of the program, whichever thread writes.
class no_sigpipe {
public:
    no_sigpipe() noexcept {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~no_sigpipe() {
        const int kept = errno;
        constexpr timespec at_once{};
        if (!was_pending_)
            while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = kept;
    }
    no_sigpipe(const no_sigpipe&) = delete;
    no_sigpipe& operator=(const no_sigpipe&) = delete;

private:
    sigset_t pipe_, before_;
    bool was_pending_ = false;
};

class descriptor_sink final : public sink {
public:
    descriptor_sink(int descriptor, bool owned) noexcept
        : descriptor_(descriptor), owned_(owned), terminal_(::isatty(descriptor) == 1) {}
    ~descriptor_sink() override {
        if (owned_)
            ::close(descriptor_);
    }

    bool is_terminal() const noexcept override { return terminal_; }

    outcome write(std::string_view lines) noexcept override {
        const no_sigpipe while_writing;
        outcome result = finish_torn_line();
        while (!result.failure && result.taken < lines.size()) {
            const auto written = write_some(lines.substr(result.taken), result.failure);
            result.taken += written;
        }
        if (result.taken > 0 && result.taken < lines.size() && lines[result.taken - 1] != '\n')
            result.taken = keep_torn_line(lines, result.taken);
        return result;
    }

private:
    // A full disk may take half a line. The other half waits here, so that the file never holds a torn one for good.
    outcome finish_torn_line() noexcept {
        outcome result;
        while (!result.failure && !torn_.empty())
            torn_.erase(0, write_some(torn_, result.failure));
        return result;
    }

    std::size_t keep_torn_line(std::string_view lines, std::size_t written) noexcept {
        const auto end = lines.find('\n', written) + 1;
        try {
            torn_ = lines.substr(written, end - written);
        } catch (...) {
            torn_ = "\n"; // fits without allocating: the line stays torn, the next one is whole
        }
        return end;
    }

    std::size_t write_some(std::string_view bytes, boost::system::error_code& failure) noexcept {
        while (true) {
            const auto n = ::write(descriptor_, bytes.data(), bytes.size());
            if (n >= 0)
                return static_cast<std::size_t>(n);
            if (errno == EINTR)
                continue;
            if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for_room()) {
                failure = last_error();
                return 0;
            }
        }
    }

    // Somebody made the descriptor non-blocking: a terminal shared with a program that did, or a pipe of a supervisor.
    bool wait_for_room() const noexcept {
        constexpr int patience_ms = 5000;
        pollfd watched{.fd = descriptor_, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&watched, 1, patience_ms);
        if (ready == 0)
            errno = ETIMEDOUT;
        return ready > 0 || (ready < 0 && errno == EINTR);
    }

    const int descriptor_;
    const bool owned_;
    const bool terminal_;
    std::string torn_;
};

} // namespace

std::shared_ptr<sink> stdout_sink() { return std::make_shared<descriptor_sink>(STDOUT_FILENO, false); }
std::shared_ptr<sink> stderr_sink() { return std::make_shared<descriptor_sink>(STDERR_FILENO, false); }

std::shared_ptr<sink> file_sink(file_sink_options options) {
    constexpr mode_t owner_writes_group_reads = 0640;
    const int descriptor =
        ::open(options.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, owner_writes_group_reads);
    if (descriptor < 0)
        throw error(errc::io, "cannot open the log file " + options.path.string() + ": " + last_error().message() +
                                  "; check that its directory exists and may be written");
    return std::make_shared<descriptor_sink>(descriptor, true);
}

sink::outcome memory_sink::write(std::string_view lines) noexcept {
    const std::scoped_lock lock(mutex_);
    outcome result;
    try {
        while (result.taken < lines.size()) {
            const auto end = lines.find('\n', result.taken);
            lines_.emplace_back(lines.substr(result.taken, end - result.taken));
            if (lines_.size() > max_lines_)
                lines_.pop_front();
            result.taken = end + 1;
        }
    } catch (...) {
        result.failure = code_of(std::current_exception());
    }
    return result;
}

std::vector<std::string> memory_sink::lines() const {
    const std::scoped_lock lock(mutex_);
    return {lines_.begin(), lines_.end()};
}

std::string memory_sink::text() const {
    std::string all;
    for (const auto& line : lines())
        all.append(line).append("\n");
    return all;
}

void memory_sink::clear() {
    const std::scoped_lock lock(mutex_);
    lines_.clear();
}

} // namespace infra::logging
