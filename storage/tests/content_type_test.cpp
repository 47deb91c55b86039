#include "src/content_type.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infra::storage {
namespace {

using namespace std::string_view_literals;

TEST(StorageContentType, IsThatOfTheNamesExtension) {
    constexpr std::pair<std::string_view, std::string_view> table[] = {
        {"a.jpg", "image/jpeg"},
        {"avatars/user-123.JPEG", "image/jpeg"},
        {"a/b.tar.gz", "application/gzip"},
        {"report.pdf", "application/pdf"},
        {"page.html", "text/html; charset=utf-8"},
        {"icon.svg", "image/svg+xml"},
        {"data.json", "application/json"},
        {"main.js", "text/javascript; charset=utf-8"},
        {"clip.3gp", "video/3gpp"},
        {"clip.mp4", "video/mp4"},
        {"archive.zst", "application/zstd"},
        {"app.webmanifest", "application/manifest+json"},
        {"a", ""},
        {"a.", ""},
        {"a.unheard", ""},
        {"a.webmanifestx", ""},
        {".jpg", ""}, // a name, no extension
        {"a.jpg/b", ""},
        {"", ""},
    };
    for (const auto& [key, type] : table)
        EXPECT_EQ(type_by_name(key), type) << key;
}

TEST(StorageContentType, IsThatOfTheFirstBytes) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"\x89PNG\r\n\x1A\n\0\0"sv, "image/png"},
        {"\xFF\xD8\xFF\xE0"sv, "image/jpeg"},
        {"GIF89a.."sv, "image/gif"},
        {"RIFF\1\2\3\4WEBPVP8 "sv, "image/webp"},
        {"RIFF\1\2\3\4WAVEfmt "sv, "audio/wav"},
        {"RIFF\1\2\3\4"sv, "application/octet-stream"},
        {"%PDF-1.7\n"sv, "application/pdf"},
        {"PK\3\4\x14\0"sv, "application/zip"},
        {"\x1F\x8B\x08\0"sv, "application/gzip"},
        {"\0\0\0\x20"
         "ftypisom"sv,
         "video/mp4"},
        {"\0\0\0\x20"
         "ftypavif"sv,
         "image/avif"},
        {"\x1A\x45\xDF\xA3"sv, "video/webm"},
        {"ID3\4"sv, "audio/mpeg"},
        {"OggS\0\2"sv, "audio/ogg"},
        {"Hello, world\r\n"sv, "text/plain; charset=utf-8"},
        {"\xC3\xA4 \xE2\x82\xAC"sv, "text/plain; charset=utf-8"},
        {"\xE4 in Latin-1"sv, "application/octet-stream"},
        {"a\0b"sv, "application/octet-stream"},
        {""sv, "application/octet-stream"},
        {"PNG"sv, "text/plain; charset=utf-8"},
    };
    for (const auto& [bytes, type] : table)
        EXPECT_EQ(type_by_bytes(bytes), type) << bytes;
}

TEST(StorageContentType, IsNothingToRunUnlessTheNameSaysSo) {
    for (const auto* each : {"<!DOCTYPE html><script>", "<html>", "<svg xmlns='http://www.w3.org/2000/svg'>",
                             "<?xml version='1.0'?><svg/>", "#!/bin/sh\n", "<script>alert(1)</script>"})
        EXPECT_EQ(content_type_of("upload", each), "text/plain; charset=utf-8") << each;
    EXPECT_EQ(content_type_of("upload.html", "<html>"), "text/html; charset=utf-8");
}

TEST(StorageContentType, PrefersTheName) {
    EXPECT_EQ(content_type_of("a.txt", "%PDF-1.7"), "text/plain; charset=utf-8");
    EXPECT_EQ(content_type_of("a", "%PDF-1.7"), "application/pdf");
}

TEST(StorageContentType, DoesNotTakeACutCharacterForNoText) {
    std::string text(sniffed_bytes - 1, 'a');
    text += "\xE2\x82\xAC"; // its first byte is the last that is looked at
    EXPECT_EQ(type_by_bytes(text), "text/plain; charset=utf-8");
    EXPECT_EQ(type_by_bytes("abc\xE2"), "application/octet-stream");
}

} // namespace
} // namespace infra::storage
