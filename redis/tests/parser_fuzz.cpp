// libFuzzer's way into the parser: `redis_parser_fuzz [-max_total_time=60] [corpus folder]`. Whatever comes must be
// read alike in one piece and byte by byte, within the bounds.

#include "tests/notation.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const infra::redis::detail::parser_limits limits{.max_bytes = 1 << 20, .max_depth = 8};
    const auto whole = infra::redis::parse(bytes, std::string_view::npos, limits);
    const auto cut = infra::redis::parse(bytes, 1, limits);
    if (whole.messages != cut.messages || whole.end != cut.end || whole.within != cut.within)
        std::abort();
    return 0;
}
