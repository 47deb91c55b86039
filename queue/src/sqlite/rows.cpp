#include "verbs.hpp"

#include <charconv>

namespace infra::queue::sqlite {

std::string to_token(row_lease held) { return std::to_string(held.seq) + ":" + std::to_string(held.fence); }

row_lease from_token(std::string_view token) {
    row_lease held;
    const auto* end = token.data() + token.size();
    const auto seq = std::from_chars(token.data(), end, held.seq);
    if (seq.ec != std::errc() || seq.ptr == end || *seq.ptr != ':')
        return {};
    const auto fence = std::from_chars(seq.ptr + 1, end, held.fence);
    return fence.ec == std::errc() && fence.ptr == end ? held : row_lease{};
}

job_options read_options(const query& q, int first) {
    using std::chrono::milliseconds;
    const auto count = [&](int i) {
        const auto n = q.maybe_integer(first + i);
        return n ? std::optional(static_cast<std::size_t>(*n)) : std::nullopt;
    };
    const auto seconds = [&](int i) {
        const auto n = q.maybe_integer(first + i);
        return n ? std::optional(std::chrono::seconds(*n)) : std::nullopt;
    };
    const auto timeout = q.maybe_integer(first + 6);
    return {.attempts = static_cast<int>(q.integer(first + 1)),
            .backoff = {.type = static_cast<backoff::kind>(q.integer(first + 2)),
                        .delay = milliseconds(q.integer(first + 3)),
                        .max = milliseconds(q.maybe_integer(first + 4).value_or(milliseconds::max().count())),
                        .jitter = q.real(first + 5)},
            .timeout = timeout ? std::optional(milliseconds(*timeout)) : std::nullopt,
            .lifo = q.integer(first) != 0,
            .keep_completed = {.count = count(7), .age = seconds(8)},
            .keep_failed = {.count = count(9), .age = seconds(10)}};
}

} // namespace infra::queue::sqlite
