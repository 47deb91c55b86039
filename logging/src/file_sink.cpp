#include "descriptor.hpp"
#include "file_tail.hpp"
#include "rotation.hpp"

#include <atomic>
#include <cstdio>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::logging {
namespace {

// Grows with each reopen_files().
constinit std::atomic<unsigned> reopenings{0};
static_assert(std::atomic<unsigned>::is_always_lock_free);

int open_to_append(const std::filesystem::path& path) noexcept {
    constexpr mode_t owner_writes_group_reads = 0640;
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, owner_writes_group_reads);
}

int open_or_throw(const std::filesystem::path& path) {
    const int number = open_to_append(path);
    if (number < 0)
        throw error(errc::io, "cannot open the log file " + path.string() + ": " + detail::last_error().message() +
                                  "; check that its directory exists and may be written");
    return number;
}

file_sink_options checked_file_options(file_sink_options options) {
    if (options.keep == 0 || options.keep > 10'000)
        throw std::invalid_argument("logging::file_sink_options::keep must be from 1 to 10000");
    if (!options.time)
        throw std::invalid_argument("logging::file_sink_options::time must not be null");
    return options;
}

class rotating_file final : public sink {
public:
    explicit rotating_file(file_sink_options options)
        : options_(checked_file_options(std::move(options))),
          to_(open_or_throw(options_.path), true),
          terminal_(to_.is_terminal()),
          seen_reopenings_(reopenings.load()) {
        detail::finish_last_line(options_.path);
        detail::say_that_it_is_written(to_.number());
        look();
    }

    bool is_terminal() const noexcept override { return terminal_; }

    // The last lines may stand in the file that was moved away just before the end.
    std::optional<std::string> tail(std::size_t bytes) const override {
        auto found = detail::tail_of(options_.path, bytes);
        if (found && found->size() < bytes)
            found->insert(
                0, detail::tail_of(detail::numbered(options_.path, 1), bytes - found->size()).value_or(std::string()));
        return found;
    }

    outcome write(std::string_view lines) noexcept override {
        outcome all;
        while (all.taken < lines.size() && !all.failure) {
            if (const auto asked = reopenings.load(); asked != seen_reopenings_ && go_on_with_new_file())
                seen_reopenings_ = asked;
            const auto rest = lines.substr(all.taken);
            const auto now = detail::period_of(options_.time->wall(), options_.every);
            const auto size = now == period_ ? detail::fitting(rest, size_, options_.max_bytes) : 0;
            if (size == 0 && size_ > 0 && rotate())
                continue;
            const auto some = to_.write(size == 0 ? rest : rest.substr(0, size));
            period_ = now;
            size_ += some.taken;
            all.taken += some.taken;
            all.failure = some.failure;
        }
        return all;
    }

private:
    // True if there is a new file. Otherwise the old one goes on, past its size if need be.
    bool rotate() noexcept {
        if (hopeless_ || to_.finish_torn_line())
            return false;
        try {
            for (auto number = options_.keep; number > 0; --number) {
                std::error_code failure;
                std::filesystem::rename(detail::numbered(options_.path, number - 1),
                                        detail::numbered(options_.path, number), failure);
                const bool was_not_there = number > 1 && failure == std::errc::no_such_file_or_directory;
                if (failure && !was_not_there) // the next one would write over what is still there
                    return give_up(failure.message());
            }
        } catch (...) { // no memory for a name
            return false;
        }
        return go_on_with_new_file();
    }

    bool go_on_with_new_file() noexcept {
        if (to_.is_torn() && to_.finish_torn_line())
            return false;
        const int number = open_to_append(options_.path);
        if (number < 0)
            return give_up(detail::last_error().message());
        to_.replace(number);
        detail::say_that_it_is_written(number);
        look();
        return hopeless_ = false, true;
    }

    bool give_up(const std::string& why) noexcept {
        if (!std::exchange(hopeless_, true))
            std::fprintf(stderr, "infra::logging: cannot begin a new file at %s: %s; the old one goes on\n",
                         options_.path.c_str(), why.c_str());
        return false;
    }

    // What is there already counts, from the period it was last written in.
    void look() noexcept {
        struct stat found{};
        size_ = ::fstat(to_.number(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
        const auto written = size_ > 0 ? wall_time(std::chrono::seconds(found.st_mtim.tv_sec)) : options_.time->wall();
        period_ = detail::period_of(written, options_.every);
    }

    const file_sink_options options_;
    detail::descriptor to_;
    const bool terminal_;
    std::uint64_t size_ = 0;
    std::int64_t period_ = 0;
    unsigned seen_reopenings_;
    bool hopeless_ = false; // until the file is reopened
};

} // namespace

std::shared_ptr<sink> file_sink(file_sink_options options) {
    return std::make_shared<rotating_file>(std::move(options));
}

void reopen_files() noexcept { reopenings.fetch_add(1); }

void reopen_files_on_hangup() {
    struct sigaction action{};
    action.sa_handler = [](int) { reopen_files(); };
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (::sigaction(SIGHUP, &action, nullptr) != 0)
        throw error(errc::io, "cannot handle SIGHUP: " + detail::last_error().message());
}

} // namespace infra::logging
