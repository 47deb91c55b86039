#include "temporary.hpp"

#include "errors.hpp"
#include "files.hpp"
#include "sidecar.hpp"

#include <infra/base/id.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::storage::disk {
namespace {

constexpr std::size_t written_piece = 1u << 20;

// So much is given to the disk at a time, while the rest is still being written.
constexpr std::uint64_t writeback = 2u << 20;

std::string draw_name() { return std::to_string(random_u64()); }

// Within the second that it is: ETags are made of it, and an object that is replaced within a moment must get another.
timespec draw_time(wall_time now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return {seconds, static_cast<long>(random_u64() % 1'000'000'000)};
}

// How much of it the kernel could copy by itself.
std::uint64_t copy_in_kernel(int from, std::uint64_t offset, std::uint64_t length, int to) {
    auto at = static_cast<off_t>(offset);
    std::uint64_t done = 0;
    while (done < length) {
        const auto copied =
            ::copy_file_range(from, &at, to, nullptr, std::min<std::uint64_t>(length - done, 1u << 30), 0);
        if (copied < 0 && errno == EINTR)
            continue;
        if (copied <= 0)
            break;
        done += static_cast<std::uint64_t>(copied);
    }
    return done;
}

// Locks what has just been made. A sweep may have come before the lock, and removed it: then no.
bool is_mine(int file) noexcept {
    while (::flock(file, LOCK_EX) != 0 && errno == EINTR) {
    } // fails where a file system has no locks, and there no sweep gets one either
    return is_linked(file);
}

} // namespace

descriptor create_locked(int directory, const std::string& name) noexcept {
    while (true) {
        descriptor file(::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file || is_mine(file.get()))
            return file;
    }
}

descriptor make_locked_directory(int directory, const std::string& name) noexcept {
    while (true) {
        if (::mkdirat(directory, name.c_str(), 0700) != 0)
            return {};
        descriptor made(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (made ? is_mine(made.get()) : errno != ENOENT)
            return made;
    }
}

void check_sum(const temporary& written, const std::optional<checksum>& said, const std::string& what) {
    if (!said)
        return;
    if (const auto found = written.sum(); found != *said)
        throw storage_error(errc::integrity, what + ": the bytes have the checksum " + to_text(found) + ", and not " +
                                                 to_text(*said) + " as was said");
}

temporary::temporary(std::shared_ptr<const layout> in, std::string what, checksum_kind kind)
    : in_(std::move(in)), what_(std::move(what)), name_(draw_name()), sum_(kind) {
    check_writable(*in_, what_);
    file_ = create_locked(in_->temporaries.get(), name_);
    if (!file_)
        fail(errno, what_, ".infra/tmp");
}

temporary::~temporary() {
    if (!name_.empty())
        ::unlinkat(in_->temporaries.get(), name_.c_str(), 0);
}

void temporary::reserve(std::uint64_t size) {
    if (size > writeback && ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) != 0 &&
        errno != EOPNOTSUPP && errno != EINTR)
        fail(errno, what_, ".infra/tmp");
}

void temporary::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto next = bytes.substr(0, written_piece); // the checksum reads what is in the processor's cache still
        if (!write_all(file_.get(), next))
            fail(errno, what_, ".infra/tmp");
        sum_.update(next);
        size_ += next.size();
        bytes.remove_prefix(next.size());
        start_writeback();
    }
}

void temporary::start_writeback() noexcept {
    if (size_ - written_back_ < writeback)
        return;
    ::sync_file_range(file_.get(), static_cast<off_t>(written_back_), static_cast<off_t>(size_ - written_back_),
                      SYNC_FILE_RANGE_WRITE);
    written_back_ = size_;
}

void temporary::append_from(int file, std::uint64_t offset, std::uint64_t length,
                            const std::optional<checksum>& known) {
    const bool is_known = known && known->kind() == sum_.kind() && combines(sum_.kind());
    auto done = is_known ? copy_in_kernel(file, offset, length, file_.get()) : 0;
    std::optional<running_checksum> of_source;
    if (known && !is_known)
        of_source.emplace(known->kind());
    std::string buffer(std::min<std::uint64_t>(written_piece, length - done), '\0');
    while (done < length) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), length - done);
        const auto got = read_at(file, buffer.data(), wanted, offset + done);
        if (got < 0)
            fail(errno, what_, "what is copied");
        if (static_cast<std::uint64_t>(got) < wanted)
            throw storage_error(infra::errc::io, what_ + ": what is copied became shorter meanwhile; try again");
        if (!write_all(file_.get(), {buffer.data(), wanted}))
            fail(errno, what_, ".infra/tmp");
        if (!is_known)
            sum_.update({buffer.data(), wanted});
        if (of_source)
            of_source->update({buffer.data(), wanted});
        done += wanted;
    }
    if (of_source && of_source->value() != *known)
        throw storage_error(errc::integrity, what_ + ": what is copied is not what its checksum, " + to_text(*known) +
                                                 ", says; it was damaged on the disk");
    if (is_known)
        sum_.update(*known, length);
    size_ += length;
    start_writeback();
}

version temporary::finish(wall_time now, bool synced) {
    const std::array<timespec, 2> times{{{0, UTIME_OMIT}, draw_time(now)}};
    struct stat found{};
    if (::futimens(file_.get(), times.data()) != 0 || ::fstat(file_.get(), &found) != 0 ||
        (synced && ::fsync(file_.get()) != 0))
        fail(errno, what_, ".infra/tmp");
    return version_of(found);
}

bool temporary::move_to(int directory, const std::string& name, bool only_if_absent) noexcept {
    const int from = in_->temporaries.get();
    // By a link, not by renameat2(RENAME_NOREPLACE), which network file systems have not. Where there are no links, the key's lock
    // keeps all others of ours away.
    if (only_if_absent) {
        if (::linkat(from, name_.c_str(), directory, name.c_str(), 0) == 0)
            return true;
        if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
            return false;
    }
    if (::renameat(from, name_.c_str(), directory, name.c_str()) != 0)
        return false;
    name_.clear();
    return true;
}

} // namespace infra::storage::disk
