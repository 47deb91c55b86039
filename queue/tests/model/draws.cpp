#include "draws.hpp"

#include "walk.hpp"

namespace infra::queue::tests {

std::string draw_queue(lots& draw) { return {1, static_cast<char>('a' + draw.below(3))}; }

std::chrono::milliseconds draw_ms(lots& draw, std::size_t most) {
    return std::chrono::milliseconds(draw.between(1, most));
}

keep draw_keep(lots& draw, std::size_t in) {
    switch (draw.below(in)) {
    case 0: return {.count = 0};
    case 1: return {.count = draw.between(1, 3)};
    case 2: return {.age = std::chrono::seconds(draw.between(0, 10))};
    case 3: return {.count = 3, .age = std::chrono::seconds(5)};
    default: return {.count = 1000};
    }
}

std::string draw_data(lots& draw) {
    const auto n = std::to_string(draw.below(4));
    if (draw.one_in(10))
        return R"({"n":)" + n + R"(,"text":")" + std::string(draw.between(900, 5000), 'x') + R"("})";
    return R"({"n":)" + n + "}";
}

group_limits draw_group_limits(lots& draw) {
    group_limits of_each;
    if (draw.one_in(2))
        of_each.concurrency = draw.below(3);
    if (draw.one_in(2))
        of_each.rate = {draw.below(3), draw_ms(draw, 4000)};
    return of_each;
}

namespace {

deduplication draw_deduplication(lots& draw, bool with_ttl) {
    deduplication by{.id = draw.one_in(2) ? "d1" : "d2"};
    switch (draw.below(with_ttl ? 6 : 3)) {
    case 0: by.replace = true; break;
    case 3: by.ttl = draw_ms(draw, 5000); break;
    case 4: by.ttl = draw_ms(draw, 5000), by.extend = true; break;
    case 5: by.ttl = draw_ms(draw, 5000), by.extend = by.replace = true; break;
    case 1: by.keep_last_if_active = true; break;
    default: break;
    }
    return by;
}

} // namespace

// Where parents fail bit by bit, mostly what makes a chain of them fail.
child_failure walk::draw_policy(lots& draw) {
    return fails_bit_by_bit() && !draw.one_in(8) ? child_failure::fail_parent
                                                 : static_cast<child_failure>(draw.below(5));
}

job_options walk::draw_options(lots& draw) {
    job_options options{.attempts = static_cast<int>(draw.between(1, 3)), .lifo = draw.one_in(8)};
    if (draw.one_in(4))
        options.priority = static_cast<int>(draw.between(1, 2));
    if (draw.one_in(8))
        options.backoff = exponential(std::chrono::milliseconds(draw.between(1, 9)));
    if (draw.one_in(8))
        options.timeout = draw_ms(draw, 9);
    options.keep_failed = draw_keep(draw, fails_bit_by_bit() ? 6 : 20); // there is room for few jobs
    if (draw.one_in(fails_bit_by_bit() ? 20 : 8)) // those that expire together fail the parents of several
        options.ttl = draw_ms(draw, 8000);
    return options;
}

new_job walk::draw_job(lots& draw) {
    static const std::vector<std::string> ids{"one", "two", "three", "four", "five"};
    new_job job{.queue = draw_queue(draw),
                .name = draw.one_in(2) ? "x" : "y",
                .data = draw_data(draw),
                .options = draw_options(draw),
                .created_at = now_};
    if (draw.one_in(4))
        job.id = draw.of(ids);
    if (draw.one_in(8))
        job.carrier = R"({"traceparent":"t"})";
    if (draw.one_in(4))
        job.run_at = now_ + draw_ms(draw, 9000);
    if (job.options.ttl)
        job.expires_at = job.run_at.value_or(now_) + *job.options.ttl;
    if (draw.one_in(4))
        job.deduplicate = draw_deduplication(draw, !clock_goes_back_);
    if (draw.one_in(3))
        job.group = draw.one_in(2) ? "g1" : "g2";
    return job;
}

std::vector<new_job> walk::draw_family(lots& draw) {
    std::vector<new_job> all{draw_job(draw)};
    for (auto n = draw.between(1, 4); n > 0; --n) {
        auto child = draw_job(draw);
        if (fails_bit_by_bit()) // one that is there and over may fail several at once
            child.id.clear();
        const bool goes_deeper = fails_bit_by_bit() && !draw.one_in(8);
        child.parent =
            child_of{.place = goes_deeper ? all.size() - 1 : draw.below(all.size()), .on_failure = draw_policy(draw)};
        all.push_back(std::move(child));
    }
    return all;
}

job_filter walk::draw_filter(lots& draw) {
    job_filter filter;
    if (draw.one_in(2))
        filter.queue = draw_queue(draw);
    for (std::size_t state = 0; state < job_states; ++state)
        if (draw.one_in(4))
            filter.states.push_back(static_cast<job_state>(state));
    if (draw.one_in(6))
        filter.name = "x";
    if (draw.one_in(6))
        filter.data_contains = R"("n":1)";
    if (draw.one_in(8))
        filter.reason_contains = "bad";
    if (draw.one_in(8))
        filter.group = "g1";
    if (draw.one_in(8))
        filter.created_before = now_ - draw_ms(draw, 9000);
    if (draw.one_in(8))
        filter.finished_before = now_ - draw_ms(draw, 9000);
    return filter;
}

std::size_t walk::draw_number(lots& draw, std::size_t most) { return fails_bit_by_bit() ? 1 : draw.between(1, most); }

std::optional<job_key> walk::draw_key(lots& draw) {
    if (jobs_.empty())
        return std::nullopt;
    const auto& job = draw.of(jobs_);
    return job_key{job.queue, job.id};
}

std::vector<walk::held_job> walk::draw_leases(lots& draw) {
    std::vector<held_job> some;
    for (auto n = draw_number(draw, 3); n > 0 && !held_.empty(); --n) {
        if (!void_.empty() && draw.one_in(10)) {
            some.push_back(draw.of(void_));
            continue;
        }
        const auto at = held_.begin() + static_cast<std::ptrdiff_t>(draw.below(held_.size()));
        some.push_back(*at);
        held_.erase(at);
    }
    return some;
}

} // namespace infra::queue::tests
