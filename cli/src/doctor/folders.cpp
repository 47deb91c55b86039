#include "folders.hpp"

#include "../storage_verbs.hpp"

#include <infra/email/failover.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/storage.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <stdlib.h> // mkostemp
#include <sys/statvfs.h>
#include <unistd.h>

namespace infra::cli::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t gib = 1024 * mib;

// What cannot be read as a setting is told by the check of settings.
template <class Read>
void add_if_read(std::vector<folder>& to, Read read) {
    try {
        auto found = read();
        if (!found.path.empty() && std::ranges::find(to, found.path, &folder::path) == to.end())
            to.push_back(std::move(found));
    } catch (const std::exception&) {
    }
}

std::string named_by(const environment& variables, std::string_view name) {
    return variables.has(name) ? std::string(name) : "default";
}

fs::path behind(std::string_view url, std::string_view scheme) {
    return url.starts_with(scheme) ? fs::path(url.substr(scheme.size())) : fs::path();
}

fs::path folder_of_queue(const std::string& url) {
    if (!url.starts_with("sqlite:"))
        return {};
    const auto file = queue::parse_sqlite_url(url).file;
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

int try_to_write(const fs::path& in) {
    int fd = ::open(in.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) { // not every file system has them
        auto name = (in / ".infra-doctor-XXXXXX").string();
        fd = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd >= 0)
            ::unlink(name.c_str());
    }
    if (fd < 0)
        return errno;
    ::close(fd);
    return 0;
}

std::string about(const folder& f) { return f.path.string() + (f.of == "default" ? "" : " (" + f.of + ")"); }

double share_used(const room& r) {
    return r.total == 0 ? 0 : 1 - static_cast<double>(r.free) / static_cast<double>(r.total);
}

std::string percent_used(const room& r) { return std::to_string(static_cast<int>(share_used(r) * 100)) + " %"; }

finding judge_room(const folder_facts& f) {
    const auto found = shown_size(f.bytes.free) + " free, " + percent_used(f.bytes) + " in use" +
                       (share_used(f.inodes) > 0.85 ? "; " + percent_used(f.inodes) + " of the inodes" : "");
    const std::string advice =
        "make room, or point " + (f.of.of == "default" ? std::string("it") : f.of.of) + " to another disk";
    if (f.bytes.free < 64 * mib || (share_used(f.bytes) > 0.95 && f.bytes.free < 5 * gib) ||
        share_used(f.inodes) > 0.95)
        return failure(about(f.of), found, "what a full disk does not take is lost or refused", advice);
    if ((share_used(f.bytes) > 0.85 && f.bytes.free < 20 * gib) || share_used(f.inodes) > 0.85)
        return warning(about(f.of), found, "the disk is running full", advice);
    return well(about(f.of), found + (f.exists ? "" : "; it will be made"));
}

} // namespace

std::vector<folder> folders_of(const environment& variables) {
    std::vector<folder> found;
    add_if_read(found,
                [&] { return folder{folder_of_queue(queue::url_from(variables)), named_by(variables, "QUEUE_URL")}; });
    add_if_read(found, [&] {
        return folder{behind(storage::url_from(variables), "file:"), named_by(variables, "STORAGE_URL")};
    });
    const auto mail = variables.get_or("EMAIL_URL", variables.has("RESEND_API_KEY") ? "resend:" : "outbox:var/outbox");
    for (const auto url : email::urls_of(mail))
        add_if_read(found, [&] { return folder{behind(url, "outbox:"), named_by(variables, "EMAIL_URL")}; });
    return found;
}

folder_facts read_folder(const folder& of) {
    folder_facts facts{.of = of};
    std::error_code ec;
    facts.exists = fs::exists(of.path, ec);
    auto nearest = fs::absolute(of.path, ec);
    while (!fs::exists(nearest, ec) && nearest.has_relative_path())
        nearest = nearest.parent_path();
    facts.is_folder = fs::is_directory(nearest, ec);
    if (!facts.is_folder)
        return facts;
    facts.refused = try_to_write(nearest);
    struct statvfs is{};
    if (::statvfs(nearest.c_str(), &is) == 0) {
        const auto block = static_cast<std::uint64_t>(is.f_frsize);
        facts.bytes = {.total = (is.f_blocks - is.f_bfree + is.f_bavail) * block, .free = is.f_bavail * block};
        facts.inodes = {.total = is.f_files, .free = is.f_favail};
    }
    return facts;
}

findings judge_folder(const folder_facts& f) {
    if (!f.is_folder)
        return {failure(about(f.of), "is a file, or there is one in its way", "nothing can be kept there",
                        "name a folder")};
    if (f.refused == 0)
        return {judge_room(f)};
    const auto why = std::system_category().message(f.refused);
    return {
        failure(about(f.of), (f.exists ? "cannot be written: " : "cannot be made: ") + why, "nothing can be kept there",
                f.refused == EROFS ? "mount the disk for writing (ReadWritePaths= in the unit), or name another "
                                     "folder"
                                   : "give it to the user that the service runs as (chown), or name another folder")};
}

findings look_at_folders(const situation& at) {
    findings all;
    for (const auto& each : folders_of(at.variables))
        std::ranges::move(judge_folder(read_folder(each)), std::back_inserter(all));
    return all;
}

} // namespace infra::cli::doctor
