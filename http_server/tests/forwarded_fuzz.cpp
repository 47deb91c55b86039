#include "src/forwarded.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// Who is not trusted is believed nothing, and what is not given by quotes is shorter than the field.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace infra::http::detail;
    static const networks trusted({"10.0.0.0/8", "::1"});
    static const auto proxy = ip::make_address("10.0.0.1"), stranger = ip::make_address("203.0.113.50");
    const std::string_view field(reinterpret_cast<const char*>(data), size);

    const auto nothing = origin_in_forwarded(stranger, field, trusted);
    if (nothing.client != stranger || nothing.secure || nothing.host ||
        forwarded_client(stranger, field, trusted) != stranger)
        std::abort();
    const auto told = origin_in_forwarded(proxy, field, trusted);
    if (told.host && told.host->size() >= size)
        std::abort();
    forwarded_client(proxy, field, trusted);
    return 0;
}
