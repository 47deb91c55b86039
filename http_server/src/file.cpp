#include "file.hpp"

#include "content_type.hpp"

#include <infra/base/encoding.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace infra::http::detail {
namespace {

// Not blocking: opening a named pipe would wait for its other end.
constexpr int reading = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

bool means_absent(int error) noexcept {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP || error == EXDEV ||
           error == ENAMETOOLONG || error == ENXIO || error == EISDIR;
}

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
    throw infra::error(errc::io, "cannot " + std::string(what) + " " + path + ": " + std::strerror(error));
}

std::string make_etag(const struct stat& s) {
    const auto nanoseconds =
        static_cast<std::uint64_t>(s.st_mtim.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(s.st_mtim.tv_nsec);
    return '"' + std::to_string(nanoseconds) + '-' + std::to_string(s.st_size) + '"';
}

// A quoted string holds no quotes; RFC 6266's second form carries what ASCII cannot.
std::string to_disposition(std::string_view name) {
    std::string plain;
    for (const char c : name)
        plain += c < 0x20 || c >= 0x7f || c == '"' || c == '\\' ? '_' : c;
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + encoding::percent_encode(name);
}

void describe_file(headers& head, const file_body& of, const representation& now) {
    if (!head.contains("Content-Type"))
        head.append("Content-Type", of.options.content_type.empty() ? content_type_of(of.path)
                                                                    : std::string_view(of.options.content_type));
    head.set("ETag", now.etag);
    head.set("Last-Modified", format_http_date(now.modified));
    head.set("Accept-Ranges", "bytes");
    if (!of.options.cache_control.empty())
        head.set("Cache-Control", of.options.cache_control);
    if (of.options.download_as)
        head.set("Content-Disposition", to_disposition(*of.options.download_as));
}

std::string content_range(const byte_range& part, std::uint64_t size) {
    return "bytes " + std::to_string(part.first) + '-' + std::to_string(part.first + part.size - 1) + '/' +
           std::to_string(size);
}

file_answer answer_as_decided(decision d, const representation& now, unique_descriptor file, response head) {
    file_answer made;
    made.head = std::move(head);
    switch (d.what) {
    case selection::whole: made.body = {0, now.size}; break;
    case selection::part:
        made.head.status = 206;
        made.head.headers.set("Content-Range", content_range(d.range, now.size));
        made.body = d.range;
        break;
    case selection::not_modified: made.head.status = 304; break;
    case selection::precondition_failed:
        made.head = response::error(412, "precondition_failed", "it is not what you think it is any more");
        break;
    case selection::unsatisfiable:
        made.head = response::error(416, "range_not_satisfiable", "there is nothing in that range");
        made.head.headers.set("Content-Range", "bytes */" + std::to_string(now.size));
        break;
    }
    made.file = std::move(file);
    return made;
}

} // namespace

unique_descriptor::~unique_descriptor() {
    if (fd_ >= 0)
        ::close(fd_);
}

int open_beneath(int root, const std::string& path) noexcept {
    struct open_how how{};
    how.flags = static_cast<unsigned>(reading);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const auto fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_step_by_step(root, path);
    return static_cast<int>(fd);
}

int open_step_by_step(int root, std::string_view path) noexcept try {
    unique_descriptor held;
    while (true) {
        const auto slash = path.find('/');
        const std::string name(path.substr(0, slash));
        const bool last = slash == std::string_view::npos;
        const int from = held ? held.get() : root;
        const int fd = ::openat(from, name.c_str(), (last ? reading : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW);
        if (last || fd < 0)
            return fd;
        held = unique_descriptor(fd);
        path.remove_prefix(slash + 1);
    }
} catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
}

response head_alone(response made) {
    response head(made.status);
    head.headers = std::move(made.headers);
    return head;
}

file_answer answer_with_file(const file_body& of, method m, const headers& of_request, response head) {
    unique_descriptor file(of.root >= 0 ? open_beneath(of.root, of.path) : ::open(of.path.c_str(), reading));
    if (!file && !means_absent(errno))
        fail(of.path, "open", errno);
    struct stat s{};
    if (file && ::fstat(file.get(), &s) != 0)
        fail(of.path, "look at", errno);
    if (!file || !S_ISREG(s.st_mode))
        return {.head = response::not_found(), .file = {}, .body = {}};
    const representation now{make_etag(s), s.st_mtim.tv_sec, static_cast<std::uint64_t>(s.st_size)};
    describe_file(head.headers, of, now);
    const bool conditional = head.status == 200 && (m == method::get || m == method::head);
    return answer_as_decided(conditional ? decide(of_request, now) : decision{}, now, std::move(file), std::move(head));
}

std::string read_piece(int fd, std::uint64_t offset, std::size_t size) {
    std::string piece(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const auto got = ::pread(fd, piece.data() + have, size - have, static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("the file", "read", errno);
        if (got == 0)
            throw infra::error(errc::io, "the file became shorter while it was sent");
        have += static_cast<std::size_t>(got);
    }
    return piece;
}

blocking_pool& pool_of(const file_body& of) { return of.pool ? *of.pool : default_blocking_pool(); }

awaitable<response> load_file(std::shared_ptr<file_body> of, method m, headers of_request, response head) {
    auto read = [of, m, of_request = std::move(of_request), head = std::move(head)] {
        auto answer = answer_with_file(*of, m, of_request, head);
        if (answer.body.size > 0 && m != method::head)
            answer.head.body = read_piece(answer.file.get(), answer.body.first, answer.body.size);
        return std::move(answer.head);
    };
    co_return co_await pool_of(*of).run(std::move(read));
}

} // namespace infra::http::detail
