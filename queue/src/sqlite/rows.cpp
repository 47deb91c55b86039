#include "jobs.hpp"

#include <array>
#include <charconv>

namespace infra::queue::sqlite {

std::string to_token(const lease_token& held) {
    std::array<char, 64> text;
    auto* to = text.data();
    for (const auto each : {held.seq, held.fence, held.incarnation}) {
        to = std::to_chars(to, text.data() + text.size(), each).ptr;
        *to++ = ':';
    }
    return {text.data(), to - 1};
}

lease_token from_token(std::string_view token) {
    lease_token held;
    const auto* at = token.data();
    const auto* const end = at + token.size();
    for (auto* each : {&held.seq, &held.fence, &held.incarnation}) {
        const auto read = std::from_chars(at, end, *each);
        const bool is_last = each == &held.incarnation;
        if (read.ec != std::errc() || (read.ptr == end) != is_last || (!is_last && *read.ptr != ':'))
            return {};
        at = read.ptr + 1;
    }
    return held;
}

const lease_row* find_lease(const store& s, std::string_view token) {
    const auto asked = from_token(token);
    return asked.incarnation == s.queues.incarnation() ? s.leases.find(asked.seq, asked.fence) : nullptr;
}

std::optional<std::int64_t> given_number(std::string_view id) {
    constexpr std::size_t most_digits = 18;
    std::int64_t number = 0;
    const auto* const end = id.data() + id.size();
    if (id.empty() || id.size() > most_digits || id.front() < '1' || id.front() > '9')
        return std::nullopt;
    const auto read = std::from_chars(id.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

job_id id_of(const query& q, int column, std::int64_t seq) {
    return q.is_null(column) ? std::to_string(seq) : q.text(column);
}

} // namespace infra::queue::sqlite
