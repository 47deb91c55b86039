#include "load.hpp"

#include "compiled.hpp"
#include "locate.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>
#include <infra/runtime/regular_file.hpp>

#include <cerrno>
#include <chrono>
#include <memory>

#include <sys/stat.h>

namespace infra::email {
namespace {

wall_time time_of(const timespec& t) noexcept {
    return wall_time(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

} // namespace

bool is_there(const std::string& path) noexcept {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::string file_text(const std::string& path) { return read_beginning(path, max_template_file + 1).text; }

template_source find_source(const std::string& directory, const std::string& name, const std::string& locale) {
    std::string tried;
    for (auto& each : candidates(name, locale)) {
        auto path = directory + "/" + each.path;
        if (is_there(path))
            return {std::move(path), std::move(each.locale)};
        tried.append(tried.empty() ? "" : ", ").append(path);
    }
    throw error(errc::no_template, "no template " + name + ": tried " + tried +
                                       "; write one of these files, or set the directory of templates");
}

email_template read_template(const template_source& from, const std::string& name) {
    auto t = parse_template(file_text(from.path), name);
    t.locale = from.locale;
    return t;
}

std::string layout_source(const std::string& directory, const email_template& of) {
    return directory + "/" + layout_path(of.layout);
}

void read_layout(email_template& to, const std::string& path) {
    if (!is_there(path))
        throw error(errc::no_template, described(to) + ": no layout " + to.layout + ": tried " + path);
    auto html = file_text(path);
    if (html.size() > max_template_file || !encoding::is_utf8(html))
        throw error(errc::bad_template, described(to) + ": the layout " + path + " is not UTF-8 or over 1 MiB");
    to.layout_html = std::move(html);
    to.compiled = std::make_shared<const compiled_template>(to);
}

file_stamp stamp_of(const std::string& path) noexcept {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0)
        return {};
    return {.device = found.st_dev,
            .file = found.st_ino,
            .size = static_cast<std::uint64_t>(found.st_size),
            .modified = time_of(found.st_mtim),
            .changed = time_of(found.st_ctim)};
}

} // namespace infra::email
