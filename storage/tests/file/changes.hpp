#pragma once

/// What crash_child.cpp does in each round, so that crash_test.cpp knows what can be there after it was killed.

#include <cstddef>
#include <cstdint>
#include <string>

namespace infra::storage {

enum class change_by : std::uint8_t { putting, uploading, removing };

struct change {
    std::string key;
    change_by how = change_by::putting;
    std::string bytes{};
};

inline change change_of(int round) {
    static constexpr const char* keys[] = {"a.txt", "deep/down/b", "deep/c.bin"};
    const auto how = round % 7 == 6 ? change_by::removing : round % 5 == 4 ? change_by::uploading : change_by::putting;
    std::string bytes(static_cast<std::size_t>(round) * 7919 % 300'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 31 + i / 251 + static_cast<std::size_t>(round));
    return {keys[round % 3], how, how == change_by::removing ? "" : std::move(bytes)};
}

} // namespace infra::storage
