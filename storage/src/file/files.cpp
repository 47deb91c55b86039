#include "files.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace infra::storage::disk {

bool write_all(int to, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto written = ::write(to, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            return false;
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
}

std::ptrdiff_t read_at(int from, char* to, std::size_t size, std::uint64_t offset) noexcept {
    std::size_t filled = 0;
    while (filled < size) {
        const auto got = ::pread(from, to + filled, size - filled, static_cast<off_t>(offset + filled));
        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0)
            break;
        filled += got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    return static_cast<std::ptrdiff_t>(filled);
}

std::optional<std::string> read_small(const tree& files, const std::string& path) {
    constexpr std::int64_t most = 64 * 1024;
    const auto file = files.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_size > most)
        return std::nullopt;
    std::string text(static_cast<std::size_t>(found.st_size), '\0');
    if (read_at(file.get(), text.data(), text.size(), 0) != found.st_size)
        return std::nullopt;
    return text;
}

bool write_new(int in, const std::string& name, std::string_view bytes, bool synced) noexcept {
    const descriptor file(::openat(in, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    return file && write_all(file.get(), bytes) && (!synced || ::fsync(file.get()) == 0);
}

directory_stream stream_of(descriptor directory) noexcept {
    return directory_stream(directory ? ::fdopendir(directory.release()) : nullptr);
}

std::vector<std::string> names_in(descriptor directory) {
    std::vector<std::string> names;
    const auto stream = stream_of(std::move(directory));
    for (const dirent* next = stream ? ::readdir(stream.get()) : nullptr; next; next = ::readdir(stream.get()))
        if (const std::string_view name = next->d_name; name != "." && name != "..")
            names.emplace_back(name);
    return names;
}

bool is_linked(int file) noexcept {
    struct stat found{};
    return ::fstat(file, &found) == 0 && found.st_nlink > 0;
}

} // namespace infra::storage::disk
