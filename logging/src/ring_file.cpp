#include "ring_file.hpp"

#include "descriptor.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace infra::logging::detail {
namespace {

constexpr mode_t owner_alone = 0600;

bool reserve_blocks(int file, std::size_t from, std::size_t bytes) noexcept {
    int failure = EINTR;
    while (failure == EINTR)
        failure = ::posix_fallocate(file, static_cast<off_t>(from), static_cast<off_t>(bytes));
    errno = failure;
    return failure == 0;
}

bool same_file(int file, const std::filesystem::path& path) noexcept {
    struct stat ours{}, named{};
    return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

std::uint64_t magic_of(std::span<const char> file) noexcept {
    std::uint64_t magic = 0;
    if (file.size() >= sizeof magic)
        std::memcpy(&magic, file.data(), sizeof magic);
    return magic;
}

// A child must not write into its parent's rings. Nor may it keep them mapped, since the lock lasts as long as that.
void make_own(std::span<char> shared) noexcept {
    const void* const own = ::mmap(shared.data(), shared.size(), PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (own == MAP_FAILED)
        std::abort();
}

bool is_zero(std::span<const char> bytes) noexcept {
    return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

} // namespace

bool is_readable(std::span<const char> file) noexcept {
    if (file.size() < sizeof(ring_file_head) || magic_of(file) != ring_file_head::right_magic)
        return false;
    const auto& head = *reinterpret_cast<const ring_file_head*>(file.data());
    return head.version == ring_file_head::right_version && std::has_single_bit(head.ring_bytes) &&
           std::has_single_bit(head.page) && head.page >= sizeof(ring_file_head) && head.page <= file.size() &&
           head.ring_bytes >= 4096 && head.ring_bytes <= (std::uint64_t(1) << 30) &&
           head.next_number <= (std::uint64_t(1) << 62) && head.handed_over < head.next_number;
}

ring_file::ring_file(std::filesystem::path path)
    : path_(std::move(path)), page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    try {
        know(*this);
        open();
        check_whose_it_is();
        map_what_was_left();
        if (left_.empty() || is_readable(left_))
            return;
        const bool lost_its_head = is_zero(left_.first(std::min(left_.size(), page_))); // at a power cut
        if (magic_of(left_) != ring_file_head::right_magic && !lost_its_head)
            throw error(errc::io,
                        "the log ring " + path_.string() + " is a file of another kind; name a path that is free");
        move_away();
    } catch (...) {
        close();
        throw;
    }
}

ring_file::~ring_file() { close(); }

void ring_file::close() noexcept {
    forget_what_was_left();
    {
        const auto lock = without_forks();
        for (const auto& each : mapped_)
            ::munmap(each.data(), each.size());
        mapped_.clear();
        if (number_ >= 0)
            ::close(std::exchange(number_, -1));
    }
    forget(*this);
}

void ring_file::forget_what_was_left() noexcept {
    const auto lock = without_forks();
    if (!left_.empty())
        ::munmap(left_.data(), left_.size());
    left_ = {};
}

void ring_file::fail(const char* what) const {
    throw error(errc::io, std::string("cannot ") + what + " the log ring " + path_.string() + ": " +
                              last_error().message() + "; check its directory, or name another");
}

// Somebody may move the file away between the moments in which it is opened and locked.
void ring_file::open() {
    do {
        open_descriptor();
        if (number_ < 0)
            fail("open");
        if (!try_to_lock())
            throw error(errc::unavailable,
                        "another process has the log ring " + path_.string() + "; give each process a path of its own");
    } while (!same_file(number_, path_));
}

void ring_file::open_descriptor() {
    const auto lock = without_forks();
    if (number_ >= 0)
        ::close(number_);
    number_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, owner_alone);
}

// A process that was killed may have left a child that has not yet come to letting go of it.
bool ring_file::try_to_lock() {
    constexpr auto patience = std::chrono::milliseconds(500), step = std::chrono::milliseconds(5);
    for (auto waited = std::chrono::milliseconds(0); ::flock(number_, LOCK_EX | LOCK_NB) != 0; waited += step) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            fail("lock");
        if (waited >= patience)
            return false;
        std::this_thread::sleep_for(step);
    }
    return true;
}

// In a directory that others may write to, somebody else's file could read our lines, or make us write elsewhere.
void ring_file::check_whose_it_is() const {
    constexpr mode_t others = 077;
    struct stat found{};
    if (::fstat(number_, &found) != 0)
        fail("look at");
    if (!S_ISREG(found.st_mode))
        throw error(errc::io, "the log ring " + path_.string() + " is no regular file; name a path that is free");
    if (found.st_uid != ::geteuid() || found.st_nlink != 1 || (found.st_mode & others) != 0)
        throw error(errc::io, "the log ring " + path_.string() +
                                  " is not this user's alone (owner, mode 0600, one link); remove it or name another");
}

void ring_file::map_what_was_left() {
    struct stat found{};
    if (::fstat(number_, &found) != 0)
        fail("look at");
    const auto size = static_cast<std::size_t>(found.st_size);
    if (size == 0)
        return;
    {
        const auto lock = without_forks();
        void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, number_, 0);
        if (at == MAP_FAILED)
            fail("map");
        left_ = {static_cast<char*>(at), size};
    }
    const bool was_just_begun =
        magic_of(left_) == 0 && size == page_; // and its process killed in the middle of start()
    if (was_just_begun)
        forget_what_was_left();
}

// Of a later version of this library, or torn by a power cut: nobody is to lose it for that.
void ring_file::move_away() {
    unread_path_ = path_;
    unread_path_ += ".unread-" + uuid_v7();
    std::error_code failure;
    std::filesystem::rename(path_, unread_path_, failure);
    if (failure) {
        errno = failure.value();
        fail("move away what cannot be read of");
    }
    forget_what_was_left();
    open(); // which lets go of that one
}

// At each moment the file is either what it was or has no rings, and the number that it goes on with: whenever this
// process is killed, the next one goes on from there.
bool ring_file::start(std::size_t ring_bytes, std::uint64_t next_number, const tick_rate& rate) {
    const bool goes_on = is_readable(left_) && head_of_left().page == page_;
    if (goes_on)
        head_of_left().rings.store(0, std::memory_order_release);
    forget_what_was_left();
    ring_bytes_ = ring_bytes;
    if (::ftruncate(number_, goes_on ? static_cast<off_t>(page_) : 0) != 0)
        fail("empty");
    if (!reserve_blocks(number_, 0, page_)) {
        if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
            return false;
        fail("make room for");
    }
    char* const at = map(0, page_);
    if (!at)
        fail("map");
    head_ = goes_on ? std::launder(reinterpret_cast<ring_file_head*>(at)) : ::new (at) ring_file_head{};
    head_->version = ring_file_head::right_version;
    head_->page = static_cast<std::uint32_t>(page_);
    head_->ring_bytes = ring_bytes;
    set_rate(rate);
    head_->next_number.store(next_number, std::memory_order_release);
    head_->handed_over.store(next_number - 1, std::memory_order_release);
    std::atomic_ref(head_->magic).store(ring_file_head::right_magic, std::memory_order_release);
    return true;
}

char* ring_file::map(std::size_t at, std::size_t bytes) noexcept {
    const auto lock = without_forks();
    try {
        mapped_.reserve(mapped_.size() + 1);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
    // Populated, so that the first lines find their pages there.
    void* const found =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, number_, static_cast<off_t>(at));
    if (found == MAP_FAILED)
        return nullptr;
    mapped_.emplace_back(static_cast<char*>(found), bytes);
    return static_cast<char*>(found);
}

std::optional<ring_memory> ring_file::add_ring() noexcept {
    if (!is_in_use())
        return std::nullopt;
    const auto count = head_->rings.load(std::memory_order_relaxed);
    const auto bytes = page_ + ring_bytes_;
    const auto at = page_ + count * bytes;
    char* const found = reserve_blocks(number_, at, bytes) ? map(at, bytes) : nullptr;
    if (!found)
        return std::nullopt;
    head_->rings.store(count + 1, std::memory_order_release);
    return ring_memory{::new (found) ring_positions, found + page_};
}

// A process that is killed in the middle of it leaves the other one whole.
void ring_file::set_rate(const tick_rate& rate) noexcept {
    const auto next = head_->rate.load(std::memory_order_relaxed) + 1;
    head_->rates[next & 1] = rate;
    head_->rate.store(next, std::memory_order_release);
}

void ring_file::leave_to_parent() noexcept {
    for (const auto& each : mapped_)
        make_own(each);
    if (!left_.empty())
        make_own(left_);
    if (number_ >= 0)
        ::close(std::exchange(number_, -1));
}

} // namespace infra::logging::detail
