#include "preconditions.hpp"

#include <infra/storage/error.hpp>

#include <algorithm>
#include <chrono>

namespace infra::storage {
namespace {

[[noreturn]] void refuse_precondition(const std::string& what, const std::string& why) {
    throw storage_error(errc::precondition, what + ": " + why);
}

[[noreturn]] void not_modified(const std::string& what, const std::string& why) {
    throw storage_error(errc::precondition, what + ": " + why, {.name = "not_modified"});
}

// What is told of times is told to the second.
bool is_later(wall_time a, wall_time b) noexcept {
    return std::chrono::floor<std::chrono::seconds>(a) > std::chrono::floor<std::chrono::seconds>(b);
}

std::string quoted(const std::string& etag) { return '"' + etag + '"'; }

bool matches(const std::string& condition, const std::string& etag) noexcept {
    return condition == "*" || condition == etag;
}

} // namespace

void check_read(const read_conditions& conditions, const object_info& there, const std::string& what) {
    const bool has_match = !conditions.if_match.empty();
    if (has_match && !matches(conditions.if_match, there.etag))
        refuse_precondition(what, "its ETag is " + quoted(there.etag) + ", not " + quoted(conditions.if_match));
    if (!has_match && conditions.if_unmodified_since && is_later(there.modified, *conditions.if_unmodified_since))
        refuse_precondition(what, "it has been modified since");
    const bool has_none = !conditions.if_none_match.empty();
    if (has_none && matches(conditions.if_none_match, there.etag))
        not_modified(what, "its ETag still is " + quoted(there.etag));
    if (!has_none && conditions.if_modified_since && !is_later(there.modified, *conditions.if_modified_since))
        not_modified(what, "it has not been modified since");
}

void check_write(const write_conditions& conditions, const std::optional<std::string>& etag_there,
                 const std::string& what) {
    if (conditions.if_absent && !conditions.if_match.empty())
        throw storage_error(infra::errc::invalid_input, what + ": if_absent and if_match exclude each other");
    if (conditions.if_absent && etag_there)
        refuse_precondition(what, "there is an object under this key already");
    if (conditions.if_match.empty())
        return;
    if (!etag_there)
        refuse_precondition(what,
                            "there is no object under this key whose ETag could be " + quoted(conditions.if_match));
    if (!matches(conditions.if_match, *etag_there))
        refuse_precondition(what, "its ETag is " + quoted(*etag_there) + ", not " + quoted(conditions.if_match));
}

resolved_range resolve_range(const std::optional<byte_range>& range, std::uint64_t size, const std::string& what) {
    if (!range)
        return {0, size};
    if (range->last && (range->length || range->offset != 0))
        throw storage_error(infra::errc::invalid_input, what + ": a range has `last` or `offset` and `length`");
    if (range->last == 0u || range->length == 0u)
        throw storage_error(infra::errc::invalid_input, what + ": a range has at least one byte");
    const auto offset = range->last ? size - std::min(*range->last, size) : range->offset;
    if (offset >= size)
        throw storage_error(errc::bad_range, what + ": the range begins at byte " + std::to_string(offset) +
                                                 " of an object of " + std::to_string(size));
    return {offset, std::min(range->length.value_or(size), size - offset)};
}

} // namespace infra::storage
