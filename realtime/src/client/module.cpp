#include <infra/realtime/client.hpp>

#include "files.hpp"
#include "takes_gzip.hpp"

#include <infra/base/encoding.hpp>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>

#include <zlib.h>

namespace infra::realtime {
namespace {

const Bytef* bytes_of(std::string_view text) noexcept { return reinterpret_cast<const Bytef*>(text.data()); }

std::string gzip(std::string_view text) {
    constexpr int window = 15 + 16; // 32 KiB, framed as RFC 1952 has it
    z_stream stream{};
    if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    std::string out(::deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = const_cast<Bytef*>(bytes_of(text));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH); // there is room for all of it
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

/// A text that is served.
struct served {
    served(std::string_view what, std::string_view type) : text(what), content_type(type), small(gzip(what)) {
        std::array<char, 4> sum{};
        auto crc = ::crc32(0, bytes_of(what), static_cast<uInt>(what.size()));
        for (auto& each : sum) {
            each = static_cast<char>(crc & 0xff);
            crc >>= 8;
        }
        tag = '"' + encoding::hex_encode({sum.data(), sum.size()}) + '"';
    }

    http::response answer(const http::request& asked) const {
        const bool known = asked.header("if-none-match").find(tag) != std::string_view::npos;
        const bool compressed = takes_gzip(asked.header("accept-encoding"));
        auto response =
            known ? http::response(304) : http::response::of(200, content_type, compressed ? small : std::string(text));
        response.headers.set("ETag", "W/" + tag); // weak: one for both encodings
        response.headers.set("Cache-Control", "no-cache");
        response.headers.set("Vary", "Accept-Encoding");
        response.headers.set("X-Content-Type-Options", "nosniff");
        if (compressed && !known)
            response.headers.set("Content-Encoding", "gzip");
        return response;
    }

    std::string_view text;
    std::string_view content_type;
    std::string small;
    std::string tag;
};

void serve(http::router& routes, std::string_view path, std::string_view text, std::string_view content_type) {
    routes.get(path, [what = std::make_shared<const served>(text, content_type)](const http::request& asked) {
        return what->answer(asked);
    });
}

} // namespace

std::string_view client_module() noexcept { return client_files::infra_realtime_js; }
std::string_view client_types() noexcept { return client_files::infra_realtime_d_ts; }

void add_client_module(http::router& routes, std::string_view path) {
    if (!path.ends_with(".js"))
        throw std::invalid_argument("realtime::add_client_module: path must end in .js");
    serve(routes, path, client_module(), "text/javascript; charset=utf-8");
    serve(routes, std::string(path.substr(0, path.size() - 3)) + ".d.ts", client_types(), "text/plain; charset=utf-8");
}

} // namespace infra::realtime
