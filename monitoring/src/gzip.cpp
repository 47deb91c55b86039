#include <infra/monitoring/gzip.hpp>

#include <limits>
#include <new>
#include <stdexcept>

#include <zlib.h>

namespace infra::monitoring {
namespace {

constexpr int fastest = 1;
constexpr int gzip_window = 15 + 16; // 32 KiB, framed as RFC 1952 has it
constexpr int memory_level = 8;      // zlib's own default

struct deflating {
    deflating() {
        if (::deflateInit2(&stream, fastest, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~deflating() { ::deflateEnd(&stream); }
    deflating(const deflating&) = delete;
    deflating& operator=(const deflating&) = delete;

    z_stream stream{};
};

} // namespace

std::string gzip(std::string_view text) {
    if (text.size() > std::numeric_limits<uInt>::max())
        throw std::length_error("monitoring: more than 4 GiB at once cannot be compressed");
    deflating d;
    std::string out(::deflateBound(&d.stream, static_cast<uLong>(text.size())), '\0');
    d.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    d.stream.avail_in = static_cast<uInt>(text.size());
    d.stream.next_out = reinterpret_cast<Bytef*>(out.data());
    d.stream.avail_out = static_cast<uInt>(out.size());
    if (::deflate(&d.stream, Z_FINISH) != Z_STREAM_END)
        throw std::logic_error("monitoring: deflate did not end");
    out.resize(d.stream.total_out);
    return out;
}

} // namespace infra::monitoring
