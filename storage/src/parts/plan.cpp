#include "plan.hpp"

#include <infra/storage/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace infra::storage {
namespace {

constexpr std::uint64_t mebibyte = 1u << 20;

constexpr std::uint64_t divided_up(std::uint64_t a, std::uint64_t b) noexcept { return a / b + (a % b != 0); }

} // namespace

slice part_plan::at(int number) const noexcept {
    const auto offset = static_cast<std::uint64_t>(number - 1) * part_size;
    return {.number = number, .offset = offset, .size = std::min(part_size, size - offset)};
}

std::uint64_t part_size_for_any(std::uint64_t wanted, const bucket_traits& of) {
    if (wanted < of.min_part || wanted > of.max_part)
        throw std::invalid_argument("storage::put_options::part_size must be between " + std::to_string(of.min_part) +
                                    " and " + std::to_string(of.max_part) + " bytes for this store");
    return wanted;
}

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t wanted, const bucket_traits& of, std::string_view key) {
    part_size_for_any(wanted, of);
    if (divided_up(size, wanted) <= of.max_parts)
        return wanted;
    const auto grown = divided_up(divided_up(size, of.max_parts), mebibyte) * mebibyte;
    const auto fitting = std::min(grown, of.max_part); // where the longest part is of no whole MiB
    if (divided_up(size, fitting) > of.max_parts)
        throw storage_error(errc::too_large, std::string(key) + " has " + std::to_string(size) +
                                                 " bytes, more than the " + std::to_string(of.max_parts) +
                                                 " parts of " + std::to_string(of.max_part) +
                                                 " bytes that the store takes");
    return fitting;
}

std::vector<int> missing_parts(const std::map<int, part>& there, int count) {
    std::vector<int> missing;
    for (int number = 1; number <= count; ++number)
        if (!there.contains(number))
            missing.push_back(number);
    return missing;
}

} // namespace infra::storage
