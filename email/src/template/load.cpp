#include "load.hpp"

#include "locate.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace infra::email {
namespace {

constexpr std::size_t max_size = 1024 * 1024;

// Empty if there is no such file.
std::optional<std::string> contents_of(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file && (errno == ENOENT || errno == ENOTDIR))
        return std::nullopt;
    std::string text(max_size + 1, '\0'); // one more than is accepted, so that too much is seen as such
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (!file.eof() && file.fail()))
        throw error(infra::errc::io, "cannot read " + path + ": " + std::strerror(errno));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

[[noreturn]] void not_found(const std::string& name, const std::string& tried) {
    throw error(errc::no_template, "no template " + name + ": tried " + tried +
                                       "; write one of these files, or set the directory of templates");
}

void read_layout(email_template& t, const std::string& directory) {
    if (t.layout.empty())
        return;
    const auto path = directory + "/" + layout_path(t.layout);
    auto html = contents_of(path);
    if (!html)
        throw error(errc::no_template, described(t) + ": no layout " + t.layout + ": tried " + path);
    if (html->size() > max_size || !encoding::is_utf8(*html))
        throw error(errc::bad_template, described(t) + ": the layout " + path + " is not UTF-8 or over 1 MiB");
    t.layout_html = std::move(*html);
}

} // namespace

email_template load_from(const std::string& directory, const std::string& name, const std::string& locale) {
    std::string tried;
    for (const auto& each : candidates(name, locale)) {
        const auto path = directory + "/" + each.path;
        if (const auto text = contents_of(path)) {
            auto t = parse_template(*text, name);
            t.locale = each.locale;
            read_layout(t, directory);
            return t;
        }
        tried.append(tried.empty() ? "" : ", ").append(path);
    }
    not_found(name, tried);
}

} // namespace infra::email
