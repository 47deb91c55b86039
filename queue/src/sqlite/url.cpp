#include <infra/queue/sqlite.hpp>

#include <infra/base/encoding.hpp>

namespace infra::queue {
namespace {

[[noreturn]] void refuse(std::string_view why) {
    throw error(infra::errc::misconfigured,
                "a SQLite queue's URL is sqlite:FILE, optionally with ?durability=normal or "
                "?durability=full: " +
                    std::string(why));
}

std::string decoded(std::string_view text) {
    auto plain = encoding::percent_decode(text);
    if (!plain)
        refuse("a % must be followed by two hex digits");
    if (plain->find('\0') != std::string::npos)
        refuse("a file name cannot hold a NUL");
    return std::move(*plain);
}

// `///var/queue.db` names no host and then a path; `//host/…` would be another machine.
std::string_view without_authority(std::string_view path) {
    if (!path.starts_with("//"))
        return path;
    if (!path.starts_with("///"))
        refuse("two slashes would name a host; write one, or three");
    return path.substr(2);
}

durability read_durability(std::string_view query) {
    if (query == "durability=full")
        return durability::full;
    if (query == "durability=normal")
        return durability::normal;
    refuse("unknown option after the ?");
}

} // namespace

sqlite_options parse_sqlite_url(std::string_view url) {
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme))
        refuse("it begins with something else");
    url.remove_prefix(scheme.size());
    const auto question = url.find('?');
    sqlite_options options;
    options.file = decoded(without_authority(url.substr(0, question)));
    if (options.file.empty() || !options.file.has_filename())
        refuse("the file is missing");
    if (question != std::string_view::npos)
        options.durability = read_durability(url.substr(question + 1));
    return options;
}

} // namespace infra::queue
