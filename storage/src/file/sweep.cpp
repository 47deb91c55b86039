#include "sweep.hpp"

#include "files.hpp"
#include "uploads.hpp"

#include <infra/base/clock.hpp>
#include <infra/storage/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

// Whoever writes a file that may be swept holds its lock until the file is where it belongs. So here the lock comes first, and what is
// judged under it stays so.

namespace infra::storage::disk {
namespace {

using std::chrono::milliseconds;

bool is_older(const struct stat& s, milliseconds age) noexcept {
    const std::chrono::nanoseconds changed =
        std::chrono::seconds(s.st_ctim.tv_sec) + std::chrono::nanoseconds(s.st_ctim.tv_nsec);
    return saturating_add(wall_time(changed), age) <= real_clock().wall(); // the kernel's time, whatever the store's
}

bool is_same(const struct stat& a, const struct stat& b) noexcept {
    return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

// A directory with what is in it, of which nothing is a directory.
bool remove(const layout& in, const std::string& path, bool is_directory) {
    if (!is_directory)
        return in.files.remove(path);
    for (const auto& each : names_in(in.files.open_directory(path)))
        in.files.remove(path + '/' + each);
    in.files.remove_empty(path, split(path).directory);
    return !in.files.look(path);
}

/// Removes a file or directory that nobody holds, that is old enough, and of which `is_leaving()`.
template <class Judge>
bool remove_leaving(const layout& in, const std::string& path, milliseconds age, Judge is_leaving) {
    const auto file = in.files.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat opened{};
    if (!file || ::fstat(file.get(), &opened) != 0 || !is_older(opened, age) ||
        ::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return false;
    const auto there = in.files.look(path); // another, if a second sweep was faster
    return there && is_same(*there, opened) && is_leaving() && remove(in, path, S_ISDIR(opened.st_mode));
}

bool is_current(const layout& in, const std::string& path) {
    const auto text = read_small(in.files, path);
    const auto known = text ? from_text(*text) : std::nullopt;
    if (!known)
        return false;
    const auto at = in.place_of(known->key);
    const auto object = in.files.look(at.path);
    return object && meta_path(at, version_of(*object)) == path;
}

std::size_t sweep_meta(const layout& in, milliseconds age, deadline limit, const clock& time) {
    std::size_t removed = 0;
    for (const auto& each : names_in(in.files.open_directory(".infra/meta"))) {
        if (limit.passed(time.steady()))
            throw storage_error(infra::errc::timed_out, "sweep: not all of .infra/meta was looked at in time");
        for (const auto& name : names_in(in.files.open_directory(".infra/meta/" + each))) {
            const auto path = ".infra/meta/" + each + '/' + name;
            removed += remove_leaving(in, path, age, [&] { return !is_current(in, path); });
        }
    }
    return removed;
}

std::size_t sweep_uploads(const layout& in, milliseconds age) {
    std::size_t removed = 0;
    for (const auto& each : names_in(in.files.open_directory(".infra/uploads"))) {
        const auto path = ".infra/uploads/" + each;
        removed += remove_leaving(in, path, age, [&] {
            const auto text = read_small(in.files, path + "/state");
            return !text || !state_from_text(*text);
        });
    }
    return removed;
}

} // namespace

std::size_t sweep_temporaries(const layout& in, milliseconds age) {
    std::size_t removed = 0;
    for (const auto& each : names_in(in.files.open_directory(".infra/tmp")))
        removed += remove_leaving(in, ".infra/tmp/" + each, age, [] { return true; });
    return removed;
}

std::size_t sweep(const layout& in, milliseconds age, deadline limit, const clock& time) {
    return sweep_temporaries(in, age) + sweep_uploads(in, age) + sweep_meta(in, age, limit, time);
}

} // namespace infra::storage::disk
