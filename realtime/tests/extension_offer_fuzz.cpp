// libFuzzer's way into the header of extensions: `realtime_extension_offer_fuzz [-max_total_time=60] [corpus folder]`. What is accepted
// is an answer that a client can make sense of: one that would be accepted as an offer again.

#include "src/websocket/extension_offer.hpp"

#include <cstdint>
#include <cstdlib>

using namespace infra::realtime::websocket;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto terms = accept_deflate({reinterpret_cast<const char*>(data), size});
    if (!terms)
        return 0;
    const auto bits = terms->server_max_window_bits.value_or(8);
    const auto again = accept_deflate(terms->to_text());
    if (bits < 8 || bits > 15 || !again || again->to_text() != terms->to_text())
        std::abort();
    return 0;
}
