#include "src/prometheus_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool holds) {
    if (!holds)
        std::abort();
}

} // namespace

// Each line is a sample, a comment or counted, and no sample has more text than the page.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::size_t samples = 0;
    const auto problems = infra::cli::read_metrics(text, [&](const infra::cli::metric_sample& each) {
        ++samples;
        auto length = each.name.size();
        for (const auto& [name, value] : each.labels)
            length += name.size() + value.size();
        require(!each.name.empty() && length < size);
    });
    require(samples + problems <= static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
    return 0;
}
