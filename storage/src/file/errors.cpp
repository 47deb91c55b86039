#include "errors.hpp"

#include <cerrno>
#include <cstring>

namespace infra::storage::disk {
namespace {

struct meaning {
    boost::system::error_code code;
    std::string_view advice;
};

meaning meaning_of(int reason) noexcept {
    switch (reason) {
    case ENOSPC:
    case EDQUOT: return {errc::full, "remove something, or let STORAGE_URL name another disk"};
    case EFBIG:
        return {errc::too_large,
                "the file system, or a limit of the process (RLIMIT_FSIZE), takes no file of that size"};
    case EMFILE:
    case ENFILE: return {infra::errc::overloaded, "raise the limit on open files (RLIMIT_NOFILE), or do less at once"};
    case EACCES:
    case EPERM: return {infra::errc::io, "let the service's user own the directory and all that is in it"};
    case EROFS: return {infra::errc::io, "mount it for writing, or let STORAGE_URL name another place"};
    case ELOOP: return {infra::errc::io, "a symbolic link is in the way, and none is followed; remove it"};
    case ENOTDIR:
    case EISDIR:
    case ENXIO: return {infra::errc::io, "something else is in the way; remove it, or move it out of the directory"};
    case EXDEV: return {infra::errc::io, "nothing may be mounted within the directory"};
    default: return {infra::errc::io, "look after the disk"};
    }
}

} // namespace

storage_error failure_of(int reason, std::string_view what, std::string_view with) {
    const auto meant = meaning_of(reason);
    std::string sentence(what);
    sentence.append(": ").append(with).append(": ").append(std::strerror(reason)).append("; ").append(meant.advice);
    return {meant.code, std::move(sentence)};
}

void fail(int reason, std::string_view what, std::string_view with) { throw failure_of(reason, what, with); }

storage_error not_a_file(std::string_view what, std::string_view with) {
    std::string sentence(what);
    sentence.append(": ").append(with).append(" is not a regular file; remove it, or move it out of the directory");
    return {infra::errc::io, std::move(sentence)};
}

storage_error no_such_object(std::string_view what) {
    return {errc::not_found, std::string(what) + ": there is no such object"};
}

} // namespace infra::storage::disk
