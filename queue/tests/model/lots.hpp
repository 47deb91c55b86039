#pragma once

// Draws that a number repeats, on every machine.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace infra::queue::tests {

/// SplitMix64.
class lots {
public:
    explicit lots(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        auto z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
    std::size_t between(std::size_t least, std::size_t most) { return least + below(most - least + 1); }
    bool one_in(std::size_t n) { return below(n) == 0; }

    template <class T>
    const T& of(const std::vector<T>& all) {
        return all.at(below(all.size()));
    }

private:
    std::uint64_t state_;
};

} // namespace infra::queue::tests
