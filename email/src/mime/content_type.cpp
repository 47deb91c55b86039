#include "content_type.hpp"

#include <algorithm>
#include <utility>

namespace infra::email::mime {
namespace {

constexpr std::pair<std::string_view, std::string_view> types[] = {
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"json", "application/json"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"txt", "text/plain"},
    {"webp", "image/webp"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
};

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) noexcept { return std::ranges::equal(a, b, {}, lower, lower); }

bool is_token(std::string_view text) noexcept {
    static constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && specials.find(c) == std::string_view::npos;
    });
}

} // namespace

std::string_view content_type_of(std::string_view filename) noexcept {
    const auto dot = filename.rfind('.');
    const auto ending = dot == std::string_view::npos ? std::string_view() : filename.substr(dot + 1);
    for (const auto& [known, type] : types)
        if (same(known, ending))
            return type;
    return "application/octet-stream";
}

bool is_content_type(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto type = text.substr(0, slash);
    return slash != std::string_view::npos && is_token(type) && is_token(text.substr(slash + 1)) &&
           !same(type, "multipart") && !same(type, "message");
}

} // namespace infra::email::mime
