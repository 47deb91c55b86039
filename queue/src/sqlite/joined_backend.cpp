#include "joined_backend.hpp"

#include "families.hpp"
#include "store.hpp"
#include "verbs.hpp"

#include <infra/queue/sqlite.hpp>

#include <type_traits>

namespace infra::queue::sqlite {
namespace {

class verbs_inside final : public joined_backend {
public:
    explicit verbs_inside(sqlite3* theirs) : store_(theirs, options_, living_) {}

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        return inside([jobs = std::move(jobs)](store& s) { return sqlite::enqueue(s, jobs); });
    }
    awaitable<claim_result> claim(claim_request) override {
        throw error(infra::errc::invalid_state,
                    "jobs cannot be taken inside a transaction: their worker must renew them");
    }
    awaitable<void> leave(std::string worker) override {
        throw error(infra::errc::invalid_state,
                    "no worker takes jobs inside a transaction: " + worker + " cannot leave");
    }
    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override {
        const auto until = saturating_add(now, length);
        return inside([leases = std::move(leases), until](store& s) { return sqlite::extend(s, leases, until); });
    }
    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override {
        return inside([outcomes = std::move(outcomes)](store& s) { return sqlite::finish(s, outcomes); });
    }
    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override {
        return inside([keys = std::move(keys)](store& s) { return sqlite::get(s, keys); });
    }
    awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) override {
        return inside([queues = std::move(queues)](store& s) { return sqlite::counts(s, queues); });
    }
    awaitable<std::size_t> prune(std::vector<prune_request> requests) override {
        return inside([requests = std::move(requests)](store& s) { return sqlite::prune(s, requests); });
    }

    awaitable<queue_settings> configure(settings_change change) override {
        return inside([change = std::move(change)](store& s) {
            auto now = sqlite::configure(s, change);
            while (!sqlite::settle_groups(s, change.queue))
                ;
            return now;
        });
    }
    awaitable<queue_settings> settings(std::string queue) override {
        return inside([queue = std::move(queue)](store& s) { return sqlite::settings(s, queue); });
    }
    awaitable<bool> forget_queue(std::string queue) override {
        return inside([queue = std::move(queue)](store& s) {
            for (;;)
                if (const auto done = sqlite::forget_queue(s, queue))
                    return *done;
        });
    }
    awaitable<job_page> list(list_request request) override {
        return inside([request = std::move(request)](store& s) { return sqlite::list(s, request); });
    }
    awaitable<change_result> change(change_request request) override {
        return inside([request = std::move(request)](store& s) { return sqlite::change(s, request); });
    }
    awaitable<std::vector<bool>> tell(std::vector<note> notes) override {
        return inside([notes = std::move(notes)](store& s) { return sqlite::tell(s, notes); });
    }
    awaitable<std::vector<log_line>> logs(job_key job) override {
        return inside([job = std::move(job)](store& s) { return sqlite::logs(s, job); });
    }
    awaitable<events_page> events(events_request request) override {
        return inside([request = std::move(request)](store& s) { return sqlite::events(s, request); });
    }
    awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) override {
        return inside([queue = std::move(queue), from, to](store& s) { return sqlite::history(s, queue, from, to); });
    }
    awaitable<std::vector<worker_info>> workers(std::vector<std::string>) override {
        throw error(infra::errc::invalid_state,
                    "workers are not looked for inside a transaction: ask a queue of the file");
    }
    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time now) override {
        return inside([queues = std::move(queues), now](store& s) { return sqlite::waiting_since(s, queues, now); });
    }
    awaitable<std::optional<job_info>> wait_for_end(job_key) override {
        throw error(infra::errc::invalid_state, "a job cannot be waited for inside a transaction: nobody could end it");
    }

    awaitable<children_page> children(children_request request) override {
        return inside([request = std::move(request)](store& s) { return sqlite::children(s, request); });
    }

    children_at_end at_end(const job_key& job) override {
        part one(store_);
        const auto row = find_row(store_, job);
        auto all = row ? children_of(store_, row->seq) : children_at_end();
        one.keep();
        return all;
    }

    awaitable<void> upsert(std::vector<new_schedule> schedules) override {
        return inside([schedules = std::move(schedules)](store& s) { sqlite::upsert(s, schedules); });
    }
    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) override {
        return inside([keys = std::move(keys)](store& s) { return sqlite::remove_schedules(s, keys); });
    }
    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) override {
        return inside([keys = std::move(keys), now](store& s) { return sqlite::pause_schedules(s, keys, now); });
    }
    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) override {
        return inside([requests = std::move(requests)](store& s) { return sqlite::resume_schedules(s, requests); });
    }
    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) override {
        return inside([queue = std::move(queue)](store& s) { return sqlite::schedules(s, queue); });
    }
    awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) override {
        return inside([requests = std::move(requests)](store& s) { return sqlite::advance(s, requests); });
    }

    awaitable<void> stop(deadline) override { co_return; }

    std::string description() const override { return "sqlite:" + store_.db.file().string() + " (joined)"; }

private:
    /// The part of the transaction that is one verb.
    class part {
    public:
        explicit part(store& s) : store_(&s) { s.join(); }
        ~part() {
            if (store_)
                store_->leave_undone();
        }
        part(const part&) = delete;
        part& operator=(const part&) = delete;

        void keep() {
            store_->leave();
            store_ = nullptr;
        }

    private:
        store* store_;
    };

    template <class F>
    awaitable<std::invoke_result_t<F&, store&>> inside(F verb) {
        part one(store_);
        if constexpr (std::is_void_v<std::invoke_result_t<F&, store&>>) {
            verb(store_);
            one.keep();
        } else {
            auto result = verb(store_);
            one.keep();
            co_return result;
        }
    }

    const sqlite_options options_{};
    presence living_{options_.file};
    store store_;
};

} // namespace

std::shared_ptr<joined_backend> make_joined_backend(sqlite3* theirs) { return std::make_shared<verbs_inside>(theirs); }

} // namespace infra::queue::sqlite
