// libFuzzer's way into the multiplexer: `redis_multiplexer_fuzz [-max_total_time=60] [corpus folder]`. Its bytes choose what
// happens next to callers and connections.

#include "tests/multiplexer_world.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::size_t used = 0;
    const auto next = [&] { return used < size ? data[used++] : std::uint8_t{0}; };
    infra::redis::detail::world w([&](std::size_t n) {
        const std::size_t low = next();
        return (n > 256 ? low + 256 * std::size_t{next()} : low) % n;
    });
    try {
        while (used < size)
            w.step();
        w.end();
    } catch (const std::logic_error& e) {
        std::fprintf(stderr, "a promise was broken: %s\n", e.what());
        std::abort();
    }
    return 0;
}
