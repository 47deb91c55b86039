#include "end_words.hpp"

#include "error_traces.hpp"
#include "scores.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;
using end_kind = outcome::kind;

std::string word_of(end_kind how) {
    static constexpr std::string_view names[] = {"completed", "retry", "failed", "returned", "dropped", "waits"};
    return std::string(names[static_cast<std::size_t>(how)]);
}

bool has_traces(end_kind how) { return how == end_kind::retry || how == end_kind::failed; }

std::string text_of_end(const outcome& end) {
    if (end.as == end_kind::completed)
        return end.result.empty() ? "null" : end.result; // who listens for results reads JSON
    return end.reason;
}

std::string traces_with_end(const ended_job& e) {
    const job_error error{.attempt = e.of.attempts_made + 1, .at = e.end.at, .reason = e.end.reason};
    return with_error(e.of.traces, error, e.of.keep_traces);
}

bool stands_in_front(const ended_job& e) {
    return e.end.as == end_kind::returned || e.of.options.lifo || e.of.has_group;
}

bool end_alike(const ended_job& a, const ended_job& b) {
    return a.end.as == b.end.as && a.end.held.job.queue == b.end.held.job.queue && a.end.keep == b.end.keep &&
           a.of.options.keep_failed == b.of.options.keep_failed && a.end.run_at == b.end.run_at &&
           a.of.options.priority == b.of.options.priority && stands_in_front(a) == stands_in_front(b) &&
           a.of.options.attempts == b.of.options.attempts && a.of.attempts_made == b.of.attempts_made &&
           a.of.is_plain == b.of.is_plain;
}

template <class T>
double or_none(const std::optional<T>& number) {
    return number ? static_cast<double>(*number) : -1;
}

std::optional<std::int64_t> seconds_of(const keep& k) { return k.age ? std::optional(k.age->count()) : std::nullopt; }

// Of words that are all the same, one.
words in_short(words row) {
    if (std::ranges::adjacent_find(row, std::ranges::not_equal_to()) == row.end())
        row.resize(1);
    return row;
}

template <class Of>
words row_of(const std::vector<ended_job>& ended, const alike_ends& alike, Of of) {
    words row;
    row.reserve(alike.size());
    for (const auto i : alike)
        row.push_back(of(ended[i]));
    return row;
}

void append(words& into, words row) { std::ranges::move(row, std::back_inserter(into)); }

std::string numbers_of(const ended_job& e, std::size_t queue, std::size_t count, std::size_t tokens,
                       std::size_t texts) {
    const auto run_at = e.end.run_at ? std::optional(to_due_ms(*e.end.run_at)) : std::nullopt;
    return packed({double(queue), double(count), double(e.of.is_plain), double(tokens), double(texts),
                   double(e.of.attempts_made + 1), double(e.of.options.attempts), double(e.of.options.priority),
                   double(stands_in_front(e)), or_none(run_at), or_none(e.of.options.keep_failed.count),
                   or_none(seconds_of(e.of.options.keep_failed))});
}

} // namespace

std::string packed(std::initializer_list<double> numbers) {
    std::string bytes;
    for (const auto number : numbers) {
        const auto bits = std::bit_cast<std::uint64_t>(number);
        for (int shift = 0; shift < 64; shift += 8)
            bytes.push_back(static_cast<char>(bits >> shift & 0xff));
    }
    return bytes;
}

// Looks at the latest few alone, since most end like the one before.
std::vector<alike_ends> grouped(const std::vector<ended_job>& ended) {
    constexpr std::size_t looked_at = 16;
    std::vector<alike_ends> groups;
    for (std::size_t i = 0; i < ended.size(); ++i) {
        const auto last = std::min(groups.size(), looked_at);
        const auto found = std::find_if(groups.rbegin(), groups.rbegin() + static_cast<std::ptrdiff_t>(last),
                                        [&](const alike_ends& g) { return end_alike(ended[g.front()], ended[i]); });
        if (found == groups.rbegin() + static_cast<std::ptrdiff_t>(last))
            groups.push_back({i});
        else
            found->push_back(i);
    }
    return groups;
}

words words_of(const std::vector<ended_job>& ended, const alike_ends& alike, std::size_t queue) {
    words all;
    const auto& first = ended[alike.front()];
    auto tokens = in_short(row_of(ended, alike, [](const ended_job& e) { return e.end.held.token; }));
    auto texts = in_short(row_of(ended, alike, [](const ended_job& e) { return text_of_end(e.end); }));
    all.push_back(word_of(first.end.as));
    put_keep(all, first.end.keep);
    all.push_back(numbers_of(first, queue, alike.size(), tokens.size(), texts.size()));
    append(all, row_of(ended, alike, [](const ended_job& e) { return e.end.held.job.id; }));
    append(all, std::move(tokens));
    append(all, std::move(texts));
    if (has_traces(first.end.as))
        append(all, row_of(ended, alike, traces_with_end));
    return all;
}

void put_keep(std::vector<std::string>& into, const keep& k) {
    into.push_back(k.count ? std::to_string(*k.count) : "");
    into.push_back(k.age ? std::to_string(k.age->count()) : "");
}

} // namespace infra::queue::redis_backend
