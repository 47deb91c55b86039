#include "looks.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::array<std::string_view, 10> texts{
    "application/json",   "application/xml",  "application/javascript", "application/x-ndjson", "application/yaml",
    "application/x-yaml", "application/toml", "application/sql",        "image/svg+xml",        "application/x-sh"};
constexpr std::array<std::string_view, 5> images{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"};

// Without parameters, in lower case.
std::string type_of(std::string_view content_type) {
    std::string made;
    for (const char c : content_type.substr(0, content_type.find(';')))
        if (c != ' ')
            made += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return made;
}

json::object folder(const std::string& prefix) { return {{"key", prefix}, {"folder", true}}; }

json::object listed(const storage::object_info& o) {
    return {{"key", o.key}, {"folder", false}, {"size", o.size}, {"modified", to_unix_ms(o.modified)}};
}

} // namespace

std::string_view preview_of(const storage::object_info& of) {
    const auto type = type_of(of.content_type);
    if (!of.content_encoding.empty())
        return "none"; // its bytes are not what it shows
    if (std::ranges::find(images, type) != images.end())
        return of.size <= most_of_image ? "image" : "none";
    return type.starts_with("text/") || std::ranges::find(texts, type) != texts.end() ? "text" : "none";
}

std::string_view image_type_of(std::string_view bytes) noexcept {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv))
        return "image/png";
    if (bytes.starts_with("\xff\xd8\xff"sv))
        return "image/jpeg";
    if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv))
        return "image/gif";
    if (bytes.starts_with("RIFF"sv) && bytes.size() > 12 && bytes.substr(8, 4) == "WEBP"sv)
        return "image/webp";
    if (bytes.size() > 12 && bytes.substr(4, 8) == "ftypavif"sv)
        return "image/avif";
    return "";
}

std::string_view text_in(std::string_view bytes) noexcept {
    if (bytes.find('\0') != std::string_view::npos)
        return {};
    for (int left_out = 0; left_out < 4 && left_out <= static_cast<int>(bytes.size()); ++left_out) {
        const auto whole = bytes.substr(0, bytes.size() - static_cast<std::size_t>(left_out));
        if (encoding::is_utf8(whole))
            return whole;
    }
    return {};
}

json::object document_of(const storage::object_info& o) {
    json::object metadata;
    for (const auto& [name, value] : o.metadata)
        metadata[name] = value;
    json::value checksum;
    if (o.checksum)
        checksum = {{"kind", to_string(o.checksum->kind())}, {"base64", o.checksum->base64()}};
    return {{"key", o.key},
            {"size", o.size},
            {"etag", o.etag},
            {"modified", to_unix_ms(o.modified)},
            {"type", o.content_type},
            {"cache_control", o.cache_control},
            {"disposition", o.content_disposition},
            {"encoding", o.content_encoding},
            {"language", o.content_language},
            {"metadata", std::move(metadata)},
            {"checksum", std::move(checksum)},
            {"preview", preview_of(o)}};
}

json::array documents_of(const storage::list_page& page) {
    json::array items;
    auto next = page.prefixes.begin();
    for (const auto& each : page.objects) {
        for (; next != page.prefixes.end() && *next < each.key; ++next)
            items.push_back(folder(*next));
        items.push_back(listed(each));
    }
    for (; next != page.prefixes.end(); ++next)
        items.push_back(folder(*next));
    return items;
}

std::string_view name_of(std::string_view key) noexcept {
    const auto slash = key.rfind('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

} // namespace infra::dashboard
