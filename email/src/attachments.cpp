#include "attachments.hpp"

#include <infra/email/error.hpp>
#include <infra/runtime/regular_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace infra::email {
namespace {

regular_file open_attachment(const std::string& path) {
    try {
        return open_regular(path);
    } catch (const error& e) {
        throw error(errc::no_attachment, std::string("email::attachment::file: ") + e.what());
    }
}

// Once more for what it may have grown by; never more than `room` and a byte, by which too much is seen.
std::string read_file(const std::string& path, std::size_t room) {
    const auto file = open_attachment(path);
    refuse_over(room, path, file.size);
    std::string bytes(file.size + 1, '\0');
    std::size_t filled = 0;
    while (true) {
        const auto got = ::read(file.from.get(), bytes.data() + filled, bytes.size() - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw error(infra::errc::io, "cannot read the attachment " + path + ": " + std::strerror(errno));
        if (got == 0)
            break;
        filled += static_cast<std::size_t>(got);
        refuse_over(room, path, filled);
        if (filled == bytes.size())
            bytes.resize(std::min(2 * bytes.size(), room + 1));
    }
    bytes.resize(filled);
    return bytes;
}

} // namespace

std::size_t bytes_of(const std::vector<attachment>& all) noexcept {
    std::size_t bytes = 0;
    for (const auto& each : all)
        bytes += each.content.size();
    return bytes;
}

std::size_t room_for_more(const std::vector<attachment>& all, std::size_t max_bytes) {
    const auto held = bytes_of(all);
    refuse_over(max_bytes, "what is attached", held);
    return max_bytes - held;
}

void refuse_over(std::size_t room, const std::string& source, std::size_t bytes) {
    if (bytes > room)
        throw error(errc::too_large, "the attachment " + source + " has " + std::to_string(bytes) + " bytes, and " +
                                         std::to_string(room) +
                                         " are left of mailer_options::max_bytes; send a link to it");
}

void read_files(std::vector<attachment>& all, std::size_t max_bytes) {
    for (auto& each : all)
        if (!each.file.empty())
            each.content = read_file(each.file, room_for_more(all, max_bytes));
}

} // namespace infra::email
