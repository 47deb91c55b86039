#pragma once

// What people ask of a queue, for what every backend must do for them.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

class QueueOperations : public QueueBackend {
protected:
    ids listed(list_request request) {
        ids all;
        do {
            auto page = loop.await(stored->list(request));
            EXPECT_LE(page.jobs.size(), request.max);
            for (const auto& each : page.jobs)
                all.push_back(each.id);
            request.cursor = page.next;
        } while (!request.cursor.empty());
        return all;
    }
    /// Where the storage's lists know no order but that of each state: as sets.
    ids in_order(ids listed) const {
        if (!subject.traits.lists_in_order_of_addition)
            std::ranges::sort(listed);
        return listed;
    }
    ids listed(job_filter filter) { return listed(list_request{.filter = std::move(filter)}); }

    std::size_t change(job_change what, const job_id& id, wall_time now = t0) {
        return loop.await(stored->change({.what = what, .jobs = {{"mail", id}}, .now = now})).changed;
    }

    std::size_t change_all(job_change what, job_filter filter, std::size_t max = 1000) {
        change_request request{.what = what, .filter = std::move(filter), .max = max, .now = t0};
        std::size_t changed = 0;
        do {
            const auto result = loop.await(stored->change(request));
            changed += result.changed;
            request.cursor = result.next;
        } while (!request.cursor.empty());
        return changed;
    }

    /// One job in each state, named after it; not in small letters, which are the names of BullMQ's own keys.
    void add_one_in_each_state() {
        live_and_end("Completed", outcome::kind::completed, {}, t0);
        live_and_end("Failed", outcome::kind::failed, {}, t0);
        add({make_job("Active")});
        active = claim(1).jobs.at(0).held;
        add({make_job("Waiting"), make_delayed("Delayed", t0 + 1h)});
    }

    events_page events(std::string cursor, wall_time now = t0, std::string queue = "mail") {
        return loop.await(stored->events({.queue = std::move(queue), .cursor = std::move(cursor), .now = now}));
    }

    static std::vector<std::string> lines(const events_page& page) {
        std::vector<std::string> all;
        for (const auto& each : page.events)
            all.push_back(std::string(to_string(each.what)) + (each.id.empty() ? "" : " " + each.id) +
                          (each.data.empty() ? "" : ": " + each.data));
        return all;
    }

    lease active;
};

using strings = std::vector<std::string>;

} // namespace infra::queue::tests
