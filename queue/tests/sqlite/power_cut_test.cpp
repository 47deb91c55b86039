#include "../model/lots.hpp"
#include "../model/words.hpp"
#include "child.hpp"
#include "recorded_disk.hpp"
#include "src/sqlite/side_work.hpp"

// A power cut loses what was written and not synced, or a part of it. Whatever is left opens, is sound, and holds the queue as
// it was after one of its operations: not before the last that had to be durable.

namespace infra::queue::tests {
namespace {

using event = recorded_disk::event;

/// An operation that was acknowledged.
struct done {
    std::size_t at = 0;   // so many events had happened
    bool durable = false; // synced before it was acknowledged
    std::string seen{};   // the jobs thereafter
    std::string what{};
};

struct kept {
    durability what = durability::full;
    std::size_t log_bytes = sqlite_options().log_bytes;
};

class SqlitePowerCut : public ::testing::TestWithParam<kept> {
protected:
    static std::string jobs_of(test_loop& loop, backend& stored) {
        std::string text;
        list_request request{.max = 1000};
        do {
            const auto page = loop.await(stored.list(request));
            text += words_of_all(page.jobs, [](const job_id& id) { return id; });
            request.cursor = page.next;
        } while (!request.cursor.empty());
        return text;
    }

    /// Jobs come, alone and with others that wait for them, run, end and are pruned, with checkpoints in between.
    void work(std::size_t operations) {
        const recorded_disk disk;
        {
            const auto stored = make_sqlite_backend(
                {.file = folder / "queue.db", .durability = GetParam().what, .log_bytes = GetParam().log_bytes},
                {.units = 1, .parents_of_a_chain = 0, .children_of_a_family = 1}); // parents fail bit by bit
            loop.await(stored->counts({}));
            for (std::size_t i = 0; i < operations; ++i)
                do_something(*stored, disk);
            at_work = disk.size();
        } // which checkpoints all and removes the log
        events = disk.events();
    }

    void acknowledge(backend& stored, const recorded_disk& disk, bool is_durable, const char* what) {
        history.push_back(
            {.at = disk.size(), .durable = is_durable && GetParam().what == durability::full, .what = what});
        history.back().seen = jobs_of(loop, stored);
    }

    void do_something(backend& stored, const recorded_disk& disk) {
        switch (draw.below(6)) {
        case 0:
        case 1: {
            std::vector<new_job> jobs;
            for (auto n = draw.between(1, 4); n > 0; --n) {
                jobs.push_back(make_job(""));
                if (draw.one_in(3))
                    jobs.back().data = '"' + std::string(draw.between(1, 20'000), 'x') + '"';
                if (draw.one_in(4))
                    jobs.back().run_at = now + 2s;
                if (draw.one_in(4))
                    jobs.back().group = draw.one_in(2) ? "g1" : "g2";
                if (jobs.size() > 1 && draw.one_in(2))
                    jobs.back().parent =
                        child_of{.place = jobs.size() - 2,
                                 .on_failure = draw.one_in(2) ? child_failure::fail_parent
                                                              : static_cast<child_failure>(draw.below(5))};
            }
            loop.await(stored.enqueue(jobs));
            return acknowledge(stored, disk, true, "enqueue");
        }
        case 2:
        case 3: {
            now += 1s;
            const auto taken =
                loop.await(stored.claim({.queues = {"mail"}, .max = 3, .worker = "w", .lease = 1h, .now = now}));
            for (const auto& each : taken.jobs)
                held.push_back(each.held);
            return acknowledge(stored, disk, false, "claim");
        }
        case 4: {
            std::vector<outcome> all;
            for (auto n = std::min(held.size(), draw.between(1, 3)); n > 0; --n) {
                all.push_back({.held = held.back(),
                               .as = static_cast<outcome::kind>(draw.below(4)),
                               .result = draw.one_in(2) ? "1" : "",
                               .reason = "why",
                               .at = now,
                               .keep = {.count = 4}});
                held.pop_back();
            }
            const bool some = !all.empty();
            loop.await(stored.finish(std::move(all)));
            return acknowledge(stored, disk, some, "finish");
        }
        default: {
            const auto done =
                loop.await(stored.change({.what = draw.one_in(3) ? job_change::remove : job_change::promote,
                                          .filter = {.states = {job_state::delayed, job_state::failed}},
                                          .max = 2,
                                          .now = now}));
            return acknowledge(stored, disk, done.changed > 0, "change"); // what changes nothing writes nothing
        }
        }
    }

    /// The disk may have done no more than this although it was told more, up to the next sync that began later.
    std::size_t next_sync(std::size_t after) const {
        auto next = after;
        while (next < events.size() && (events[next].what != event::kind::sync || events[next].began <= after))
            ++next;
        return next;
    }

    /// What must be there after a cut at this event: so many of `history`.
    std::size_t least(std::size_t cut) const {
        std::size_t synced = 0; // the log, up to here
        for (std::size_t i = 0; i < cut; ++i)
            if (events[i].what == event::kind::sync && events[i].file == "queue.db-wal")
                synced = std::max(synced, events[i].began);
        std::size_t required = 0;
        for (std::size_t i = 0; i < history.size(); ++i)
            if (history[i].at <= (history[i].durable ? cut : synced))
                required = i + 1;
        return required;
    }

    void expect_one_of_its_states(const recorded_disk::files& left, std::size_t cut, const std::string& how) {
        write_files(left, folder / "left");
        std::string seen;
        {
            const auto stored = make_sqlite_backend({.file = folder / "left" / "queue.db"});
            try {
                seen = jobs_of(loop, *stored);
            } catch (const std::exception& e) {
                ADD_FAILURE() << how << ": " << e.what();
            }
        }
        expect_sound(folder / "left" / "queue.db");
        auto from = least(cut);
        bool found = from == 0 && seen.empty();
        for (auto i = from == 0 ? 0 : from - 1; i < history.size() && !found; ++i)
            found = history[i].seen == seen;
        EXPECT_TRUE(found) << how << ", after " << from << " operations ("
                           << (from > 0 ? history[from - 1].what : "none") << "): there is\n"
                           << seen << "and should be at least\n"
                           << (from > 0 ? history[from - 1].seen : "");
    }

    temporary_folder folder;
    test_loop loop;
    lots draw{20260101};
    wall_time now = t0;
    std::vector<lease> held;
    std::vector<done> history;
    std::vector<event> events;
    std::size_t at_work = 0; // so many of them before the file was closed
};

std::size_t operations() { return is_long() ? 200 : 30; }

// Whether this cut is looked at: of many, some.
bool is_chosen(lots& draw) { return is_long() || draw.one_in(4); }

// The disk has done the first so many writes, and the last of them as a whole, by half, or up to a sector.
TEST_P(SqlitePowerCut, LeavesAStateOfTheQueueAfterEveryWrite) {
    work(operations());
    recorded_disk::files disk;
    for (std::size_t i = 0; i < events.size() && !HasFailure(); ++i) {
        if (auto torn = events[i]; torn.what == event::kind::write && torn.bytes.size() > 512 && is_chosen(draw)) {
            torn.bytes.resize(draw.between(1, torn.bytes.size() / 512) * 512);
            auto half = disk;
            carry_out(torn, half);
            expect_one_of_its_states(half, next_sync(i), "torn in write " + std::to_string(i));
        }
        carry_out(events[i], disk);
        if (events[i].what != event::kind::sync && is_chosen(draw))
            expect_one_of_its_states(disk, next_sync(i), "cut after write " + std::to_string(i));
    }
    EXPECT_GT(history.size(), 10u);
    EXPECT_GT(events.size(), 100u);
}

// Of what was not synced the disk has done some and not others, in any order.
TEST_P(SqlitePowerCut, LeavesAStateOfTheQueueWhateverWasWrittenOfWhatWasNotSynced) {
    work(operations());
    recorded_disk::files synced;
    std::map<std::string, std::vector<std::pair<std::size_t, event>>> since; // each file's last sync
    for (std::size_t i = 0; i < events.size() && !HasFailure(); ++i) {
        const auto& e = events[i];
        auto& waiting = since[e.file];
        waiting.emplace_back(i, e);
        if (e.what == event::kind::sync || e.what == event::kind::remove) {
            const auto covered = e.what == event::kind::sync ? e.began : i + 1;
            std::erase_if(waiting, [&](const auto& each) {
                if (each.first < covered)
                    carry_out(each.second, synced);
                return each.first < covered || each.first == i;
            });
            continue;
        }
        if (!is_chosen(draw))
            continue;
        auto left = synced;
        for (const auto& [file, all] : since)
            for (const auto& [number, each] : all)
                if (each.what == event::kind::truncate || draw.one_in(2))
                    carry_out(each, left);
        expect_one_of_its_states(left, i + 1, "some of the writes up to " + std::to_string(i));
    }
}

// The checkpoints of a short log run beside the operations.
TEST_P(SqlitePowerCut, MeetsCheckpointsWhereTheLogIsShort) {
    work(operations());
    const auto copied =
        std::any_of(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(at_work), [](const event& e) {
            return e.what == event::kind::write && e.file == "queue.db" && e.offset > 64 * 1024;
        });
    EXPECT_EQ(copied, GetParam().log_bytes < sqlite_options().log_bytes);
}

INSTANTIATE_TEST_SUITE_P(Durability, SqlitePowerCut,
                         ::testing::Values(kept{durability::full}, kept{durability::normal},
                                           kept{durability::full, 64 * 1024}, kept{durability::normal, 64 * 1024}),
                         [](const auto& info) {
                             return std::string(info.param.what == durability::full ? "Full" : "Normal") +
                                    (info.param.log_bytes < sqlite_options().log_bytes ? "ShortLog" : "");
                         });

} // namespace
} // namespace infra::queue::tests
