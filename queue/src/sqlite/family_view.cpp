#include "families.hpp"

#include "family_rows.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue::sqlite {
namespace {

constexpr std::size_t most_bytes_of_page = 16 * 1024 * 1024;

void add_pending(store& s, std::int64_t parent, std::vector<std::int64_t>& to) {
    query q(s.db, "SELECT seq FROM infra_children WHERE parent = ?1 AND state = 0 ORDER BY seq");
    q.bind(parent);
    while (q.step())
        to.push_back(q.integer(0));
}

} // namespace

std::vector<std::int64_t> pending_below(store& s, std::int64_t seq) {
    std::vector<std::int64_t> all{seq};
    for (std::size_t i = 0; s.queues.has_families() && i < all.size(); ++i) {
        add_pending(s, all[i], all);
        if (all.size() > max_family)
            throw too_large_family_error();
    }
    all.erase(all.begin());
    return all;
}

void say_family(store& s, job_info& info, std::int64_t seq, std::optional<std::int64_t> parent) {
    if (const auto above = parent ? find_row(s, *parent) : std::nullopt)
        info.parent = job_key{above->queue->name, above->id};
    if (const auto known = find_family(s, seq))
        info.children = {.pending = static_cast<std::size_t>(known->pending),
                         .completed = static_cast<std::size_t>(known->completed),
                         .failed = static_cast<std::size_t>(known->failed)};
}

children_page children(store& s, const children_request& request) {
    children_page page;
    refuse_if_ambiguous(s, request.parent);
    const auto parent = s.queues.has_families() ? find_row(s, request.parent) : std::nullopt;
    if (!parent)
        return page;
    std::int64_t after = 0;
    std::from_chars(request.cursor.data(), request.cursor.data() + request.cursor.size(), after);
    query q(s.db,
            "SELECT seq, queue, id, state, result, failed_reason, on_failure FROM infra_children WHERE parent = ?1 "
            "AND seq > ?2 ORDER BY seq LIMIT ?3");
    q.bind(parent->seq, after, std::min<std::size_t>(request.max, max_children) + 1);
    std::size_t bytes = 0;
    while (q.step()) {
        if (page.children.size() == request.max || bytes > most_bytes_of_page) {
            page.next = std::to_string(after);
            break;
        }
        after = q.integer(0);
        page.children.push_back({.job = {q.text(1), q.text(2)},
                                 .state = static_cast<child_state>(q.integer(3)),
                                 .result = q.text(4),
                                 .failed_reason = q.text(5),
                                 .on_failure = static_cast<child_failure>(q.integer(6))});
        bytes += page.children.back().result.size() + page.children.back().failed_reason.size();
    }
    return page;
}

} // namespace infra::queue::sqlite
