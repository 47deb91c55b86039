#include "site.hpp"

#include "texts.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace infra::dashboard {
namespace {

constexpr int gzip_window = 15 + 16;

std::string inflated(const asset& a) {
    std::string text(a.size, '\0');
    z_stream z{};
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(a.packed.data())); // NOLINT: zlib does not write there
    z.avail_in = static_cast<uInt>(a.packed.size());
    z.next_out = reinterpret_cast<Bytef*>(text.data()); // NOLINT
    z.avail_out = static_cast<uInt>(text.size());
    if (inflateInit2(&z, gzip_window) != Z_OK)
        throw std::bad_alloc();
    const int ended = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (ended != Z_STREAM_END || z.avail_out != 0)
        throw std::logic_error("a page of the dashboard was not packed as the build does it");
    return text;
}

// Calls f(item) for what stands between commas until it returns true.
template <class F>
bool any_of_list(std::string_view list, F f) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (f(trimmed(list.substr(0, comma))))
            return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

const asset* find_asset(std::span<const asset> files, std::string_view name) noexcept {
    const auto found = std::ranges::find(files, name, &asset::name);
    return found == files.end() ? nullptr : &*found;
}

std::string with_base(std::string page, std::string_view path) {
    constexpr std::string_view head = "<head>";
    const auto at = page.find(head);
    if (at == std::string::npos)
        throw std::logic_error("the dashboard's index.html has no <head>");
    return page.insert(at + head.size(), "\n<base href=\"" + std::string(path) + "/\">");
}

} // namespace

bool takes_gzip(std::string_view accepted) noexcept {
    return any_of_list(accepted,
                       [](std::string_view item) {
                           const auto end = std::min(item.find(';'), item.size());
                           const auto quality = item.substr(end);
                           return trimmed(item.substr(0, end)) == "gzip" &&
                                  quality.find_first_of("123456789") != std::string_view::npos;
                       }) ||
           any_of_list(accepted, [](std::string_view item) { return item == "gzip"; });
}

bool has_tag(std::string_view if_none_match, std::string_view tag) noexcept {
    return any_of_list(if_none_match, [tag](std::string_view item) {
        if (item.starts_with("W/"))
            item.remove_prefix(2);
        return item == "*" || item == tag;
    });
}

site::site(std::span<const asset> files, std::string_view path) : files_(files) {
    const auto* const page = find_asset(files, "index.html");
    if (!page)
        throw std::logic_error("the dashboard has no index.html");
    index_ = with_base(inflated(*page), path);
    index_tag_ = "\"" + std::string(page->tag) + "\"";
}

http::response site::index(const http::request& r) const {
    auto made = has_tag(r.header("If-None-Match"), index_tag_) ? http::response(304) : http::response::html(index_);
    made.headers.set("ETag", index_tag_);
    made.headers.set("Cache-Control", "no-cache");
    return made;
}

http::response site::file(const http::request& r, std::string_view name) const {
    const auto* const found = find_asset(files_, name);
    if (!found)
        return http::response::not_found("there is no such file; a page from before an update is to be loaded again");
    const auto tag = "\"" + std::string(found->tag) + "\"";
    const bool packed = takes_gzip(r.header("Accept-Encoding"));
    auto made = has_tag(r.header("If-None-Match"), tag) ? http::response(304)
                : packed ? http::response::of(200, found->content_type, std::string(found->packed))
                         : http::response::of(200, found->content_type, unpacked(*found));
    if (packed && made.status == 200)
        made.headers.set("Content-Encoding", "gzip");
    made.headers.set("ETag", tag);
    made.headers.set("Vary", "Accept-Encoding");
    made.headers.set("Cache-Control", "public, max-age=31536000, immutable");
    return made;
}

const std::string& site::unpacked(const asset& a) const {
    const std::scoped_lock lock(mutex_);
    auto& text = unpacked_[a.name];
    if (text.empty() && a.size > 0)
        text = inflated(a);
    return text;
}

} // namespace infra::dashboard
