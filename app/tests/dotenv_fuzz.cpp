#include <infra/app/dotenv.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds)
        std::abort();
}

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

} // namespace

// Names are names, values are no longer than the file, and problems say where and never what.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = infra::app::parse_dotenv(text);
    for (const auto& [name, value] : read.values.all())
        require(is_name(name) && name.size() + value.size() < size);
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    require(read.problems.size() <= lines);
    for (const auto& each : read.problems)
        require(each.starts_with(".env:") && each.size() < 60);
    return 0;
}
