#include "path.hpp"

#include <infra/base/encoding.hpp>

#include <utility>

namespace infra::storage::disk {
namespace {

// Of 255 bytes that a name may have, two are for "%%".
constexpr std::size_t longest = 253;

bool is_escaped(char c, names apart) noexcept {
    if (apart == names::exact)
        return c == '%';
    return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
}

std::string escape(char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return {'%', digits[byte >> 4], digits[byte & 15]};
}

bool goes_on(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Of a character in UTF-8, since some file systems take nothing else.
std::size_t length_at(std::string_view text, std::size_t at) noexcept {
    std::size_t length = 1;
    while (at + length < text.size() && goes_on(text[at + length]))
        ++length;
    return length;
}

// A dot hides a name at its beginning, and is lost at its end where case is.
bool is_hazardous_dot(std::string_view segment, std::size_t at, bool begins_name, names apart) noexcept {
    return segment[at] == '.' && (begins_name || (apart == names::folded && at + 1 == segment.size()));
}

std::string spelt(std::string_view character, bool escaped, names apart) {
    std::string out;
    for (const char c : character)
        out += escaped || is_escaped(c, apart) ? escape(c) : std::string(1, c);
    return out;
}

std::vector<std::string> cut_up(std::string_view segment, names apart) {
    std::vector<std::string> parts(1);
    for (std::size_t at = 0, length = 0; at < segment.size(); at += length) {
        length = length_at(segment, at);
        const auto character = segment.substr(at, length);
        auto text = spelt(character, is_hazardous_dot(segment, at, parts.back().empty(), apart), apart);
        if (parts.back().size() + text.size() > longest) {
            text = spelt(character, is_hazardous_dot(segment, at, true, apart), apart);
            parts.emplace_back();
        }
        parts.back() += text;
    }
    return parts;
}

bool has_dot(std::string_view name) noexcept { return name.find('.') != std::string_view::npos; }

void append(std::string& path, const std::vector<std::string>& all) {
    for (const auto& each : all) {
        if (!path.empty())
            path += '/';
        path += each;
    }
}

} // namespace

std::vector<std::string> names_of(std::string_view segment, name_kind kind, names apart) {
    auto parts = cut_up(segment, apart);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        parts[i] += "%%";
    if (has_dot(parts.back()) == (kind == name_kind::directory))
        parts.back() += '%';
    return parts;
}

std::string directory_of(std::string_view beginning, names apart) {
    std::string path;
    while (!beginning.empty()) {
        const auto end = beginning.find('/');
        append(path, names_of(beginning.substr(0, end), name_kind::directory, apart));
        beginning.remove_prefix(end + 1);
    }
    return path;
}

std::string path_of(std::string_view key, names apart) {
    const auto slash = key.rfind('/');
    const auto begins = slash == std::string_view::npos ? 0 : slash + 1;
    auto path = directory_of(key.substr(0, begins), apart);
    append(path, names_of(key.substr(begins), name_kind::object, apart));
    return path;
}

std::optional<decoded_name> decode_name(std::string_view name) {
    if (name.empty() || name.front() == '.')
        return std::nullopt;
    auto kind = has_dot(name) ? name_kind::object : name_kind::directory;
    if (name.ends_with("%%")) {
        kind = name_kind::continued;
        name.remove_suffix(2);
    } else if (name.ends_with('%')) {
        kind = kind == name_kind::object ? name_kind::directory : name_kind::object;
        name.remove_suffix(1);
    }
    auto text = encoding::percent_decode(name);
    if (!text || text->empty())
        return std::nullopt;
    return decoded_name{kind, std::move(*text)};
}

std::optional<std::string> key_of(std::string_view path, names apart) {
    std::string key;
    auto kind = name_kind::directory;
    for (auto rest = path; !rest.empty();) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto name = decode_name(rest.substr(0, end));
        if (!name)
            return std::nullopt;
        kind = name->kind;
        key += name->text;
        if (kind == name_kind::directory)
            key += '/';
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (kind != name_kind::object || path_of(key, apart) != path)
        return std::nullopt;
    return key;
}

} // namespace infra::storage::disk
