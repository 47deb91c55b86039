#include "part_list.hpp"

#include <infra/base/json.hpp>

#include <tuple>
#include <utility>

namespace infra::storage {
namespace {

struct about {
    std::string etag{};
    std::uint64_t size = 0;
    std::uint64_t part_size = 0;
    std::string checksum{}; // the kind
};
BOOST_DESCRIBE_STRUCT(about, (), (etag, size, part_size, checksum))

using arrived_part = std::tuple<int, std::string>;

std::optional<std::string_view> take_whole_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == text.npos)
        return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

std::optional<part_list> read_first(std::string_view line) {
    auto read = json::parse<about>(line);
    if (!read || read->part_size == 0 || read->size == 0)
        return std::nullopt;
    const auto kind = checksum_kind_from(read->checksum);
    if (!kind)
        return std::nullopt;
    return part_list{.etag = std::move(read->etag), .size = read->size, .part_size = read->part_size, .kind = *kind};
}

} // namespace

std::string first_line(const part_list& list) {
    const about written{list.etag, list.size, list.part_size, std::string(to_string(list.kind))};
    return json::to_text(written) + '\n';
}

std::string line_of(int number, const checksum& sum) {
    return json::to_text(arrived_part(number, sum.base64())) + '\n';
}

std::optional<part_list> read_part_list(std::string_view text) {
    const auto first = take_whole_line(text);
    auto list = first ? read_first(*first) : std::nullopt;
    if (!list)
        return std::nullopt;
    while (const auto line = take_whole_line(text)) {
        const auto read = json::parse<arrived_part>(*line);
        if (!read)
            continue;
        const auto& [number, base64] = *read;
        if (const auto sum = checksum::from_base64(list->kind, base64))
            list->arrived.insert_or_assign(number, *sum);
    }
    return list;
}

} // namespace infra::storage
