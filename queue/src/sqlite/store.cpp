#include "store.hpp"

#include "jobs.hpp"
#include "schema.hpp"

#include <algorithm>
#include <thread>

namespace infra::queue::sqlite {
namespace {

// Another process that switches to WAL at this moment makes SQLite say "busy" without asking the busy handler.
void switch_to_wal(database& db, const std::atomic<bool>& give_up) {
    constexpr int tries = 100;
    for (int i = 1;; ++i) {
        try {
            query mode(db, "PRAGMA journal_mode = WAL");
            mode.step();
            return;
        } catch (const error& e) {
            if (i == tries || give_up || e.code() != errc::unavailable)
                throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

// What a reader elsewhere made much longer is cut off when the log begins anew; what is usual stays, as to grow again costs more.
void limit_log(database& db, std::size_t bytes) {
    db.execute(("PRAGMA journal_size_limit = " + std::to_string(2 * bytes)).c_str());
}

} // namespace

store::store(const sqlite_options& options, const std::atomic<bool>& give_up, presence& living,
             const side_work_limits& limits)
    : side_work(limits), db(options.file), alive(living), options_(options), give_up_(&give_up) {
    db.set_busy_policy(&store::wait_for_lock, this);
    switch_to_wal(db, give_up);
    db.execute("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384");
    limit_log(db, options.log_bytes);
    prepare_schema(db);
    db.attach_log();
    log_.emplace(db, options.log_bytes);
}

store::store(sqlite3* theirs, const sqlite_options& options, presence& living)
    : db(theirs), alive(living), options_(options) {}

void store::join() {
    if (!db.in_transaction())
        throw error(infra::errc::invalid_state,
                    "queue::sqlite_transaction needs an open transaction: run BEGIN IMMEDIATE on its connection to " +
                        db.file().string() + " first");
    needed_ = access::write_durably;
    query(db, "SAVEPOINT infra_part").run();
    try {
        prepare_schema_inside(db);
        kinds.forget();
        load();
    } catch (...) {
        leave_undone();
        throw;
    }
    forget_last_transaction();
}

void store::leave() {
    save();
    query(db, "RELEASE infra_part").run();
}

void store::leave_undone() noexcept {
    try {
        if (!db.in_transaction())
            return; // SQLite has undone all of it
        query(db, "ROLLBACK TO infra_part").run();
        query(db, "RELEASE infra_part").run();
    } catch (const error&) {
        // Their transaction will fail as well, or be rolled back.
    }
}

// Short waits, so that a lock is taken soon after it is free; SQLite's own grow to 100 ms.
bool store::wait_for_lock(void* self, int tries) {
    auto& me = *static_cast<store*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0)
        me.waiting_since_ = now;
    if (*me.give_up_ || now - me.waiting_since_ >= me.options_.busy_timeout)
        return false;
    std::this_thread::sleep_for(std::chrono::microseconds(std::min(200 * (tries + 1), 5'000)));
    return true;
}

// In WAL mode FULL adds one fsync to each COMMIT. May only be changed between transactions.
void store::set_synchronous(bool full) {
    if (full_ == full)
        return;
    db.execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    full_ = full;
}

void store::begin(access needed) {
    needed_ = needed;
    set_synchronous(needed == access::write_durably && options_.durability == durability::full);
    query(db, needed == access::read ? "BEGIN" : "BEGIN IMMEDIATE").run();
    try {
        look_for_others();
        if (stale_)
            load();
    } catch (...) {
        rollback();
        throw;
    }
    forget_last_transaction();
}

void store::forget_last_transaction() {
    brought_work = look_at_all = claims_follow = false;
    side_work_left_ = side_work.units;
    fresh.clear();
    retentions_.clear();
    line.begin(queues.coming_number());
    queues.mark();
    minutes.clear();
    ends.clear();
}

void store::load() {
    refuse_newer_schema(db);
    queues.load(db);
    leases.load(db);
    ended.forget();
    order.clear();
    events.load(db);
    stale_ = false;
}

bool store::may_retain_together(const ledger::row& queue, job_state state, const keep& kept,
                                wall_time now) const noexcept {
    return std::ranges::all_of(retentions_, [&](const retention& r) {
        return r.queue != &queue || r.state != state || (r.kept == kept && r.now <= now);
    });
}

void store::retain(const retention& of) {
    const auto same = [&](const retention& r) {
        return r.queue == of.queue && r.state == of.state && r.kept == of.kept;
    };
    const auto found = std::ranges::find_if(retentions_, same);
    if (found == retentions_.end())
        return retentions_.push_back(of);
    found->now = std::max(found->now, of.now);
    found->ended += of.ended;
}

void store::forget_beyond_kept() {
    if (retentions_.empty())
        return;
    for (const auto& each : std::exchange(retentions_, {}))
        forget_beyond(*this, *each.queue, each.state, each.kept, each.now, most_at_once + each.ended);
}

void store::put_in_line(const ledger::row& queue, const standing& where) {
    line.add(db, {queue.id, where.priority}, {where.place, where.seq});
}

void store::put_in_line() {
    for (const auto& each : fresh)
        put_in_line(*each.queue, each.where);
    fresh.clear();
}

void store::commit() {
    if (may_write())
        save();
    db.commit();
}

void store::tend_log() {
    if (log_ && may_write())
        log_->tend();
}

void store::save() {
    put_in_line();
    save_all_but_counts();
    queues.save(db);
}

void store::save_all_but_counts() {
    forget_beyond_kept();
    leases.save(db);
    ended.save(db);
    order.save(db);
    line.save(db);
    events.save(db);
    minutes.save(db);
}

void store::rollback() noexcept {
    stale_ = true;
    number_written = false;
    here.write_again();
    kinds.forget();
    try {
        if (db.in_transaction())
            query(db, "ROLLBACK").run();
    } catch (const error&) {
        // Nothing is left to undo: SQLite has done it, or the file is dropped with the connection.
    }
}

// What was read stays true until others write.
void store::end_reading() { query(db, "ROLLBACK").run(); }

void store::begin_part() {
    save_all_but_counts();
    queues.mark();
    ends.mark();
    query(db, "SAVEPOINT part").run();
}

void store::end_part() { query(db, "RELEASE part").run(); }

void store::undo_part() {
    query(db, "ROLLBACK TO part").run();
    query(db, "RELEASE part").run();
    queues.undo();
    queues.set_family_left(true); // the part may have found that none is
    retentions_.clear();
    leases.load(db);
    ended.forget();
    order.clear();
    line.clear();
    number_written = false;
    here.write_again();
    kinds.forget();
    events.load(db);
    minutes.clear();
    ends.undo();
}

// Not PRAGMA max_page_count, which would keep workers from taking jobs out of a full file, too.
void store::refuse_if_too_large() {
    if (options_.max_file_bytes == 0)
        return;
    query used(db,
               "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), "
               "pragma_page_size()");
    used.step();
    if (static_cast<std::uint64_t>(used.integer(0)) > options_.max_file_bytes)
        throw error(errc::unavailable,
                    "the queue's file " + db.file().string() + " may not grow beyond " +
                        std::to_string(options_.max_file_bytes) +
                        " bytes (sqlite_options::max_file_bytes); nothing of this was stored. Try again when "
                        "jobs are done, or raise it");
}

void store::look_for_others() {
    query version(db, "PRAGMA data_version");
    version.step();
    if (data_version_ != 0 && version.integer(0) != data_version_)
        others_wrote_ = stale_ = true;
    data_version_ = version.integer(0);
}

} // namespace infra::queue::sqlite
