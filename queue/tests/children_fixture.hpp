#pragma once

// A family at hand, for what every backend must do about jobs that wait for others.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

class QueueChildren : public QueueBackend {
protected:
    /// Of the job at a place of the same call.
    static new_job make_child(job_id id, std::size_t place = 0, child_failure on_failure = child_failure::fail_parent,
                              std::string queue = "mail") {
        auto job = make_job(std::move(id), {}, std::move(queue));
        job.parent = child_of{.place = place, .on_failure = on_failure};
        return job;
    }

    /// Of one that is stored.
    static new_job make_later_child(job_id id, job_id parent, std::string token = {}) {
        auto job = make_job(std::move(id));
        job.parent = child_of{.parent = {"mail", std::move(parent)}, .token = std::move(token)};
        return job;
    }

    static new_job make_later_child_of(const claimed_job& run, job_id id) {
        auto job = make_job(std::move(id));
        job.parent = child_of{.parent = run.held.job, .token = run.held.token};
        return job;
    }

    /// The parent "p" in "albums" and children "c0", "c1" … in "mail".
    void add_family(const std::vector<child_failure>& policies) {
        std::vector<new_job> family{make_job("p", {}, "albums")};
        for (const auto each : policies)
            family.push_back(make_child("c" + std::to_string(family.size() - 1), 0, each));
        add(std::move(family));
    }

    claim_result claim_parent(wall_time now = t0) { return claim(10, now, {"albums"}); }
    job_state parent_state() { return info("p", "albums").value().state; }

    bool complete(const claimed_job& job, std::string result = {}, wall_time at = t0) {
        return finish({.held = job.held, .result = std::move(result), .at = at, .keep = {}});
    }
    bool fail(const claimed_job& job, wall_time at = t0, keep kept = {}) {
        return finish(
            {.held = job.held, .as = outcome::kind::failed, .reason = "bad", .at = at, .keep = std::move(kept)});
    }
    /// Takes the child that comes next and fails it.
    void fail_next(keep kept = {}) { ASSERT_TRUE(fail(claim(1).jobs.at(0), t0, kept)); }
    void complete_next(std::string result = {}) { ASSERT_TRUE(complete(claim(1).jobs.at(0), std::move(result))); }

    std::size_t change(job_change what, job_key job, wall_time now = t0) {
        return loop.await(stored->change({.what = what, .jobs = {std::move(job)}, .now = now})).changed;
    }

    std::vector<child_info> children(job_key of = {"albums", "p"}) {
        children_request request{.parent = std::move(of)};
        std::vector<child_info> all;
        do {
            auto page = loop.await(stored->children(request));
            std::ranges::move(page.children, std::back_inserter(all));
            request.cursor = page.next;
        } while (!request.cursor.empty());
        if (!subject.traits.orders_children)
            std::ranges::sort(all, {}, [](const child_info& c) { return c.job.id; });
        return all;
    }

    boost::system::error_code refusal(std::vector<new_job> jobs) {
        return loop.code_of(stored->enqueue(std::move(jobs)));
    }
};

} // namespace infra::queue::tests
