#include "target.hpp"

#include <infra/runtime/regular_file.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace infra::storage {
namespace {

constexpr std::size_t longest_list = 4u << 20;

std::filesystem::path beside(const std::filesystem::path& path, const char* ending) {
    auto name = path;
    name += ending;
    return name;
}

boost::system::error_code meaning_of(int reason) noexcept {
    switch (reason) {
    case ENOSPC:
    case EDQUOT: return errc::full;
    case EFBIG: return errc::too_large;
    default: return infra::errc::io;
    }
}

storage_error refused(const std::filesystem::path& path, std::string_view why) {
    return {infra::errc::invalid_input, "cannot download to " + path.string() + ": " + std::string(why)};
}

bool write_listed(int to, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto written = ::write(to, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            return false;
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

target_file::target_file(std::filesystem::path path, bool resume)
    : path_(std::move(path)), part_(beside(path_, ".part")), list_(beside(part_, ".parts")), resume_(resume) {
    check_path();
    do
        open_part();
    while (!still_named());
    struct stat list{};
    if (!resume_ || ::lstat(list_.c_str(), &list) != 0 || !S_ISREG(list.st_mode))
        return;
    left_ = read_part_list(read_beginning(list_.string(), longest_list, symlinks::refused).text);
    struct stat part{};
    if (left_ && (::fstat(file_.get(), &part) != 0 || static_cast<std::uint64_t>(part.st_size) != left_->size))
        left_.reset();
    if (!left_)
        return;
    told_ = descriptor(::open(list_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    kept_ = static_cast<bool>(told_);
    if (!kept_)
        left_.reset();
}

// While it lasts, the file is locked for others, though its caller may have left.
class target_file::work {
public:
    explicit work(const target_file& on) : on_(on) {
        const std::scoped_lock lock(on_.names_);
        on_.check_not_left();
        ++on_.at_work_;
    }
    ~work() {
        const std::scoped_lock lock(on_.names_);
        if (--on_.at_work_ == 0 && on_.left_behind_)
            ::flock(on_.file_.get(), LOCK_UN);
    }
    work(const work&) = delete;
    work& operator=(const work&) = delete;

private:
    const target_file& on_;
};

// Whoever ends on the pool lets go of this a little later than its caller hears of it; hence the lock is not left to the file's end.
void target_file::leave() noexcept {
    const std::scoped_lock lock(names_);
    if (std::exchange(left_behind_, true) || !file_)
        return;
    if (!finished_ && !kept_ && still_named()) {
        ::unlink(part_.c_str());
        ::unlink(list_.c_str());
    }
    if (at_work_ == 0)
        ::flock(file_.get(), LOCK_UN);
}

void target_file::give_up() noexcept {
    const std::scoped_lock lock(names_);
    kept_ = false;
}

// Whoever has left finds another's files under these names by now.
void target_file::check_not_left() const {
    if (left_behind_)
        throw storage_error(infra::errc::cancelled, "cannot download to " + path_.string() + ": nobody waits for it");
}

void target_file::fail(int reason, std::string_view with) const {
    throw storage_error(meaning_of(reason), "cannot download to " + path_.string() + ": " + std::string(with) + ": " +
                                                std::strerror(reason));
}

void target_file::check_path() const {
    if (path_.native().find('\0') != std::string::npos)
        throw refused(path_.c_str(), "the name holds a NUL");
    if (path_.filename().empty())
        throw refused(path_, "it names no file");
    struct stat there{};
    if (::lstat(path_.c_str(), &there) != 0) {
        if (errno == ENOENT)
            return;
        fail(errno, path_.string());
    }
    if (S_ISDIR(there.st_mode))
        throw refused(path_, "it is a directory; name a file in it");
    if (S_ISLNK(there.st_mode))
        throw refused(path_, "it is a symbolic link, which would be replaced; name the file that it leads to");
    if (!S_ISREG(there.st_mode))
        throw refused(path_, "it is not a regular file");
}

void target_file::open_part() {
    file_ = descriptor(::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666));
    if (!file_)
        fail(errno, part_.string());
    struct stat there{};
    if (::fstat(file_.get(), &there) != 0 || !S_ISREG(there.st_mode)) {
        file_ = descriptor();
        throw refused(path_, part_.string() + " is not a regular file");
    }
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        file_ = descriptor();
        throw storage_error(infra::errc::io, "cannot download to " + path_.string() + ": another download is at it");
    }
}

// Another download may have finished, and taken the name away, before this one had the lock.
bool target_file::still_named() const noexcept {
    struct stat opened{}, named{};
    return ::fstat(file_.get(), &opened) == 0 && ::lstat(part_.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

checksum target_file::read_back(slice part, checksum_kind kind) const {
    const work here(*this);
    std::string room(256u << 10, '\0');
    running_checksum sum(kind);
    for (std::uint64_t done = 0; done < part.size;) {
        const auto wanted = std::min<std::uint64_t>(room.size(), part.size - done);
        const auto got =
            ::pread(file_.get(), room.data(), static_cast<std::size_t>(wanted), static_cast<off_t>(part.offset + done));
        if (got < 0 && errno != EINTR)
            fail(errno, part_.string());
        if (got == 0)
            break; // then it is another checksum
        sum.update({room.data(), got < 0 ? 0 : static_cast<std::size_t>(got)});
        done += got < 0 ? 0 : static_cast<std::uint64_t>(got);
    }
    return sum.value();
}

void target_file::begin(const part_list& about) {
    const work here(*this);
    {
        const std::scoped_lock lock(names_);
        check_not_left();
        kept_ = false;
        left_.reset();
        told_ = descriptor();
        if (::unlink(list_.c_str()) != 0 && errno != ENOENT)
            fail(errno, list_.string());
    }
    make_room(about.size);
    if (!resume_)
        return;
    const std::scoped_lock lock(names_);
    check_not_left();
    told_ = descriptor(::open(list_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!told_ || !write_listed(told_.get(), first_line(about)))
        fail(errno, list_.string());
    kept_ = true;
}

// Said before a byte has come, where it can be said. In memory, to reserve a page is as much work as to fill it: there it is looked
// whether there is room.
void target_file::make_room(std::uint64_t size) const {
    if (::ftruncate(file_.get(), 0) != 0)
        fail(errno, part_.string());
    if (size == 0)
        return;
    const int reason = is_in_memory() ? ENOTSUP : ::posix_fallocate(file_.get(), 0, static_cast<off_t>(size));
    if (reason != 0 && reason != EINVAL && reason != ENOTSUP)
        fail(reason, std::to_string(size) + " bytes");
    if (reason == 0)
        return;
    check_room(size);
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0)
        fail(errno, part_.string());
}

bool target_file::is_in_memory() const noexcept {
    struct statfs of{};
    return ::fstatfs(file_.get(), &of) == 0 && of.f_type == TMPFS_MAGIC;
}

void target_file::check_room(std::uint64_t size) const {
    struct statvfs of{};
    if (::fstatvfs(file_.get(), &of) == 0 && of.f_blocks > 0 && size / of.f_frsize > of.f_bavail)
        fail(ENOSPC, std::to_string(size) + " bytes");
}

void target_file::write(std::uint64_t offset, std::string_view bytes) const {
    const work here(*this);
    while (!bytes.empty()) {
        const auto written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno != EINTR)
            fail(errno, part_.string());
        const auto moved = written < 0 ? 0 : static_cast<std::size_t>(written);
        bytes.remove_prefix(moved);
        offset += moved;
    }
}

void target_file::arrived(int number, const checksum& sum) const {
    const work here(*this);
    if (told_ && !write_listed(told_.get(), line_of(number, sum)))
        fail(errno, list_.string());
}

void target_file::finish() {
    const work here(*this);
    if (::fsync(file_.get()) != 0)
        fail(errno, part_.string());
    {
        const std::scoped_lock lock(names_);
        check_not_left();
        if (::rename(part_.c_str(), path_.c_str()) != 0)
            fail(errno, path_.string());
        finished_ = true;
        ::unlink(list_.c_str());
    }
    sync_folder();
}

void target_file::sync_folder() const {
    const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    const descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0)
        fail(errno, folder.string());
}

} // namespace infra::storage
