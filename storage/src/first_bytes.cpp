// What bytes are by how they begin.

#include "content_type.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::storage {
namespace {

struct beginning_of {
    std::string_view bytes;
    std::string_view type;
    std::size_t at = 0;
};

using namespace std::string_view_literals;

// As the IANA's registrations and the WHATWG's MIME Sniffing Standard have them. What stands inside of others comes first.
constexpr beginning_of known_beginnings[] = {
    {"\x89PNG\r\n\x1A\n"sv, "image/png"},
    {"\xFF\xD8\xFF"sv, "image/jpeg"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"II*\0"sv, "image/tiff"},
    {"MM\0*"sv, "image/tiff"},
    {"\0\0\1\0"sv, "image/vnd.microsoft.icon"},
    {"WEBPVP8"sv, "image/webp", 8},
    {"WAVE"sv, "audio/wav", 8},
    {"AVI "sv, "video/x-msvideo", 8},
    {"ftypavif"sv, "image/avif", 4},
    {"ftypheic"sv, "image/heic", 4},
    {"ftypM4A "sv, "audio/mp4", 4},
    {"ftypqt  "sv, "video/quicktime", 4},
    {"ftyp"sv, "video/mp4", 4},
    {"\x1A\x45\xDF\xA3"sv, "video/webm"},
    {"ID3"sv, "audio/mpeg"},
    {"\xFF\xFB"sv, "audio/mpeg"},
    {"fLaC"sv, "audio/flac"},
    {"OggS\0"sv, "audio/ogg"},
    {"MThd\0\0\0\6"sv, "audio/midi"},
    {"%PDF-"sv, "application/pdf"},
    {"%!PS-Adobe-"sv, "application/postscript"},
    {"{\\rtf"sv, "application/rtf"},
    {"PK\3\4"sv, "application/zip"},
    {"PK\5\6"sv, "application/zip"},
    {"\x1F\x8B\x08"sv, "application/gzip"},
    {"BZh"sv, "application/x-bzip2"},
    {"\xFD"
     "7zXZ\0"sv,
     "application/x-xz"},
    {"\x28\xB5\x2F\xFD"sv, "application/zstd"},
    {"7z\xBC\xAF\x27\x1C"sv, "application/x-7z-compressed"},
    {"Rar!\x1A\7"sv, "application/vnd.rar"},
    {"wOFF"sv, "font/woff"},
    {"wOF2"sv, "font/woff2"},
    {"\0asm"sv, "application/wasm"},
    {"SQLite format 3\0"sv, "application/vnd.sqlite3"},
    {"PAR1"sv, "application/vnd.apache.parquet"},
};

// A character that was cut off at the end of what was looked at.
std::string_view without_half_a_character(std::string_view text) noexcept {
    for (int i = 0; i < 3 && !encoding::is_utf8(text) && !text.empty(); ++i)
        text.remove_suffix(1);
    return text;
}

bool looks_like_text(std::string_view beginning) noexcept {
    const auto whole = beginning.size() < sniffed_bytes ? beginning : without_half_a_character(beginning);
    return encoding::is_utf8(whole) && std::ranges::none_of(whole, [](char c) {
               return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
           });
}

} // namespace

std::string_view type_by_bytes(std::string_view beginning) noexcept {
    beginning = beginning.substr(0, sniffed_bytes);
    for (const auto& [bytes, type, at] : known_beginnings)
        if (beginning.size() >= at && beginning.substr(at).starts_with(bytes))
            return type;
    return !beginning.empty() && looks_like_text(beginning) ? "text/plain; charset=utf-8" : unknown_type;
}

} // namespace infra::storage
