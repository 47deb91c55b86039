#include "layout.hpp"

#include "../sigv4/sigv4.hpp"
#include "errors.hpp"
#include "files.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace infra::storage::disk {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view exact_format = "infra storage 1, names as they are\n";
constexpr std::string_view folded_format = "infra storage 1, names in lower case and ASCII\n";

[[noreturn]] void refuse(const fs::path& directory, const std::string& why) {
    throw error(infra::errc::io, "storage: cannot use the directory " + directory.string() + ": " + why +
                                     "; let the service's user own it, or let STORAGE_URL name another");
}

void make_private(const fs::path& directory, bool synced) {
    std::error_code ignored;
    if (directory.empty() || fs::is_directory(directory, ignored))
        return;
    const auto above = directory.has_relative_path() ? directory.parent_path() : fs::path();
    make_private(above, synced);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        refuse(directory, std::strerror(errno));
    const descriptor parent(::open(above.empty() ? "." : above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || (synced && ::fsync(parent.get()) != 0))
        refuse(directory, std::strerror(errno));
}

void make_own_directories(const tree& files, const fs::path& directory, bool synced) {
    for (const auto* each : {".infra/meta", ".infra/locks", ".infra/uploads", ".infra/tmp"})
        if (!files.make_directories(each, synced))
            refuse(directory, std::string(each) + ": " + std::strerror(errno));
}

/// A file with such a name, until the end of the probe.
class probe {
public:
    probe(int in, std::string name)
        : in_(in),
          name_(std::move(name)),
          file_(::openat(in, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
    ~probe() {
        if (file_)
            ::unlinkat(in_, name_.c_str(), 0);
    }
    probe(const probe&) = delete;
    probe& operator=(const probe&) = delete;

    explicit operator bool() const noexcept { return static_cast<bool>(file_); }
    const descriptor& file() const noexcept { return file_; }

private:
    int in_;
    std::string name_;
    descriptor file_;
};

// A microsecond may be rounded away, as by what came from Windows; a version is what the file says afterwards.
bool keeps_fractions(int in) {
    const probe file(in, random_hex(8));
    const std::array<timespec, 2> wanted{{{0, UTIME_OMIT}, {1'700'000'000, 123'456'789}}};
    struct stat found{};
    return file && ::futimens(file.file().get(), wanted.data()) == 0 && ::fstat(file.file().get(), &found) == 0 &&
           found.st_mtim.tv_sec == wanted[1].tv_sec && std::abs(found.st_mtim.tv_nsec - wanted[1].tv_nsec) < 1000;
}

// For ever, though the directory may be moved to another file system: what lies there is named so.
names remembered_names(const layout& in, const fs::path& directory) {
    const auto found = in.is_read_only ? names::exact : probe_names(in.temporaries.get());
    const auto text = placed_once(in, "format", found == names::exact ? exact_format : folded_format);
    if (text != exact_format && text != folded_format)
        refuse(directory, "its .infra/format is none that is known here");
    return text == exact_format ? names::exact : names::folded;
}

} // namespace

names probe_names(int in) {
    const auto lot = "probe" + random_hex(8);
    struct stat found{};
    const auto is_there = [&](const std::string& name) {
        return ::fstatat(in, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
    };
    const probe lower(in, lot + "a"), composed(in, lot + "\xc3\xa9");
    const bool folds = !lower || is_there(lot + "A");
    const bool normalises = !composed || is_there(lot + "e\xcc\x81");
    return folds || normalises ? names::folded : names::exact;
}

place layout::place_of(std::string_view key) const { return {path_of(key, apart), sigv4::payload_hash(key)}; }

bool is_read_only(const tree& files) noexcept {
    struct statvfs found{};
    return ::fstatvfs(files.root(), &found) == 0 && (found.f_flag & ST_RDONLY) != 0;
}

void check_writable(const layout& in, std::string_view what) {
    if (in.is_read_only)
        fail(EROFS, what, "the store's directory");
}

// Written apart and linked, so that nobody reads half of it.
std::string placed_once(const layout& in, const std::string& name, std::string_view text) {
    const auto path = std::string(own_directory) + '/' + name;
    auto there = read_small(in.files, path);
    if (!there && in.is_read_only)
        return std::string(text);
    if (!there) {
        const auto lot = random_hex(8);
        const auto own = in.files.open_directory(std::string(own_directory));
        const bool is_placed =
            write_new(in.temporaries.get(), lot, text, true) &&
            (::linkat(in.temporaries.get(), lot.c_str(), own.get(), name.c_str(), 0) == 0 || errno == EEXIST ||
             ::renameat(in.temporaries.get(), lot.c_str(), own.get(), name.c_str()) == 0);
        const int reason = errno;
        ::unlinkat(in.temporaries.get(), lot.c_str(), 0);
        there = read_small(in.files, path);
        if (!is_placed || !there)
            refuse(path, std::strerror(reason));
    }
    return *there;
}

std::string meta_path(const place& of, const version& which) {
    return ".infra/meta/" + of.digest.substr(0, 2) + "/" + of.digest.substr(2) + "." + std::to_string(which.mtime_ns) +
           "-" + std::to_string(which.size);
}

std::string lock_path(const place& of) { return ".infra/locks/" + of.digest.substr(0, 2); }

std::shared_ptr<const layout> open_layout(const fs::path& directory, bool synced, std::optional<walking> how) {
    make_private(directory, synced);
    descriptor root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        refuse(directory, std::strerror(errno));
    tree files(std::move(root), how);
    const bool read_only = is_read_only(files);
    if (!read_only)
        make_own_directories(files, directory, synced);
    auto temporaries = files.open_directory(".infra/tmp");
    if (!read_only && (!temporaries || !keeps_fractions(temporaries.get())))
        refuse(directory, "it is not writable, or its file system keeps no fractions of a second with a file's time");
    auto made = std::make_shared<layout>(std::move(files), std::move(temporaries));
    made->is_read_only = read_only;
    made->apart = remembered_names(*made, directory);
    return made;
}

} // namespace infra::storage::disk
