// libFuzzer's way into the frame reader: `realtime_frame_reader_fuzz [-max_total_time=60] [corpus folder]`. Whatever comes must be read alike in one
// piece, byte by byte and in pieces of any size, within the bounds, and what is a text must be UTF-8.

#include "tests/websocket/notation.hpp"

#include <infra/base/encoding.hpp>

#include <cstdint>
#include <cstdlib>

using namespace infra::realtime::websocket;

namespace {

constexpr reader_limits limits{.max_message_bytes = 300, .max_inflation = 10};

void must(bool holds) {
    if (!holds)
        std::abort();
}

std::vector<std::string> read(std::string_view bytes, reader_terms terms, std::size_t size) {
    frame_reader reader(limits, terms);
    return read_in_pieces(reader, std::string(bytes), [&] { return size; });
}

bool is_end(const std::string& line) { return line.starts_with("close") || line.starts_with("violation"); }

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const reader_terms terms{.deflate = bool(data[0] & 1), .from_client = bool(data[0] & 2)};
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto whole = read(bytes, terms, std::string::npos);
    must(whole == read(bytes, terms, 1));
    must(whole == read(bytes, terms, data[1]));
    for (const auto& line : whole) {
        must(line.size() <= limits.max_message_bytes + 10);
        must(!line.starts_with("text") || infra::encoding::is_utf8(line));
        must(!is_end(line) || &line == &whole.back());
    }
    return 0;
}
