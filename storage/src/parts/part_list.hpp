#pragma once

/// What `<target>.part.parts` says of a download that is not over: a line of JSON about the object, then one for each part that has
/// arrived. A line is written at once and never again; what a crash has cut off counts as not there. Pure.
///
///     {"etag":"5d41","size":20971520,"part_size":8388608,"checksum":"crc32c"}
///     [2,"Mn3dyQ=="]

#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

struct part_list {
    std::string etag{};
    std::uint64_t size = 0;
    std::uint64_t part_size = 0;
    checksum_kind kind = checksum_kind::crc32c;
    std::map<int, checksum> arrived{};
};

/// Both with the end of the line.
std::string first_line(const part_list& list);
std::string line_of(int number, const checksum& sum);

/// Empty where the first line is none. The last of several lines about one part counts.
std::optional<part_list> read_part_list(std::string_view text);

} // namespace infra::storage
