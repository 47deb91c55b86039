#include "file_tail.hpp"

#include "descriptor.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::logging::detail {
namespace {

constexpr std::string_view json_start = R"({"timestamp":")";

class regular_file {
public:
    regular_file(const std::filesystem::path& path, int how) noexcept
        : number_(::open(path.c_str(), how | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {
        struct stat found{};
        is_regular_ = number_ >= 0 && ::fstat(number_, &found) == 0 && S_ISREG(found.st_mode);
    }
    ~regular_file() {
        if (number_ >= 0)
            ::close(number_);
    }
    regular_file(const regular_file&) = delete;
    regular_file& operator=(const regular_file&) = delete;

    explicit operator bool() const noexcept { return is_regular_; }
    int number() const noexcept { return number_; }

    std::size_t size() const noexcept {
        struct stat found{};
        return ::fstat(number_, &found) == 0 ? static_cast<std::size_t>(found.st_size) : 0;
    }

    /// Fewer bytes where the file has become shorter, or cannot be read.
    std::string read(std::size_t from, std::size_t bytes) const {
        std::string found(bytes, '\0');
        std::size_t have = 0;
        while (have < bytes) {
            const auto n = ::pread(number_, found.data() + have, bytes - have, static_cast<off_t>(from + have));
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            have += static_cast<std::size_t>(n);
        }
        found.resize(have);
        return found;
    }

private:
    const int number_;
    bool is_regular_ = false;
};

/// What follows the last line break.
std::string last_line(const regular_file& file, std::size_t size) {
    constexpr std::size_t step = 64 * 1024;
    std::string found;
    while (size > 0) {
        const auto bytes = std::min(step, size);
        size -= bytes;
        found.insert(0, file.read(size, bytes));
        if (const auto end = found.rfind('\n'); end != found.npos)
            return found.substr(end + 1);
    }
    return found;
}

bool is_ours(std::string_view torn) noexcept {
    return torn.starts_with(json_start.substr(0, std::min(torn.size(), json_start.size())));
}

} // namespace

std::optional<std::string> tail_of(const std::filesystem::path& path, std::size_t bytes) {
    const regular_file file(path, O_RDONLY);
    if (!file)
        return std::nullopt;
    const auto size = file.size();
    const auto wanted = std::min(bytes, size);
    return file.read(size - wanted, wanted);
}

void finish_last_line(const std::filesystem::path& path) noexcept {
    try {
        const regular_file file(path, O_RDWR | O_APPEND);
        if (!file)
            return;
        if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
            return; // somebody writes to it, who will finish his line
        const auto size = file.size();
        const auto torn = last_line(file, size);
        if (torn.empty())
            return;
        const bool done = is_ours(torn) ? ::ftruncate(file.number(), static_cast<off_t>(size - torn.size())) == 0
                                        : ::write(file.number(), "\n", 1) == 1;
        (void)done; // a full disk will be told of by the first line
    } catch (...) { // no memory to look at it
    }
}

void say_that_it_is_written(int file) noexcept {
    constexpr int tries = 100; // whoever finishes a line has it for a moment
    for (int i = 0; i < tries && ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool take_back(int file, std::size_t bytes) noexcept {
    struct stat found{};
    const auto end = ::lseek(file, 0, SEEK_CUR); // after what was appended last
    if (end < static_cast<off_t>(bytes) || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    const bool alone = ::flock(file, LOCK_EX | LOCK_NB) == 0;
    const bool done = alone && ::fstat(file, &found) == 0 && found.st_size == end &&
                      ::ftruncate(file, end - static_cast<off_t>(bytes)) == 0;
    say_that_it_is_written(file);
    return done;
}

} // namespace infra::logging::detail
