#include <infra/monitoring/gzip.hpp>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>

#include <cstdint>
#include <stdexcept>

namespace infra::monitoring {
namespace {

namespace zlib = boost::beast::zlib;

void append_little_endian(std::string& out, std::uint32_t value) {
    for (int i = 0; i < 4; ++i, value >>= 8)
        out += static_cast<char>(value & 0xff);
}

std::uint32_t crc32(std::string_view text) {
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    return crc.checksum();
}

} // namespace

// Boost.Beast's deflate, so that who links this room needs no further library.
std::string gzip(std::string_view text) {
    constexpr std::string_view header("\x1f\x8b\x08\0\0\0\0\0\x04\xff", 10); // deflate, no time, fastest, any system
    zlib::deflate_stream stream;
    stream.reset(1, 15, 8, zlib::Strategy::normal);
    std::string out(header);
    out.resize(header.size() + stream.upper_bound(text.size()) + 64);
    zlib::z_params z;
    z.next_in = text.data();
    z.avail_in = text.size();
    z.next_out = out.data() + header.size();
    z.avail_out = out.size() - header.size();
    boost::system::error_code ec;
    stream.write(z, zlib::Flush::finish, ec);
    if (ec != zlib::error::end_of_stream)
        throw std::logic_error("monitoring: deflate gave " + ec.message());
    out.resize(header.size() + z.total_out);
    append_little_endian(out, crc32(text));
    append_little_endian(out, static_cast<std::uint32_t>(text.size()));
    return out;
}

} // namespace infra::monitoring
