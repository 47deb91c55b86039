// libFuzzer's way into compression: `realtime_deflate_fuzz [-max_total_time=60] [corpus folder]`. Anything comes back as it was; anything at all can be
// inflated or refused, within the bound and without a trace in what is inflated next.

#include "src/websocket/deflate.hpp"

#include <cstdint>
#include <cstdlib>

using namespace infra::realtime::websocket;

namespace {

void must(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const inflation_limits limits{.max_bytes = 5'000, .max_ratio = 2};
    std::string anything;
    const auto verdict = inflate_message(bytes, limits, anything);
    must(anything.size() <= limits.max_bytes + (verdict == inflation::done ? 0 : 1));

    std::string again;
    const auto packed = deflate_message(bytes);
    must(packed.size() <= longest_deflated(size));
    must(inflate_message(packed, limits, again) == inflation::done && again == bytes);
    return 0;
}
