#pragma once

// SQLite files under test, and a look into them past the backend.

#include "../support.hpp"

#include <infra/queue/sqlite.hpp>

#include <sqlite3.h>

namespace infra::queue::tests {

/// The first column of the first row, as text; `none` if there is no row.
inline std::string ask(const std::filesystem::path& file, const std::string& sql) {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::string answer = "none";
    sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr);
    sqlite3_busy_timeout(db, 10'000);
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
        answer = std::string("error: ") + sqlite3_errmsg(db);
    else if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

/// Another process in the middle of a transaction.
class write_lock {
public:
    explicit write_lock(const std::filesystem::path& file, const char* begin = "BEGIN IMMEDIATE") {
        sqlite3_open(file.c_str(), &other_);
        sqlite3_busy_timeout(other_, 10'000); // the backend may be about to open the file
        EXPECT_EQ(sqlite3_exec(other_, begin, nullptr, nullptr, nullptr), SQLITE_OK);
    }
    ~write_lock() { sqlite3_close(other_); }
    write_lock(const write_lock&) = delete;
    write_lock& operator=(const write_lock&) = delete;

private:
    sqlite3* other_ = nullptr;
};

/// What must hold of any file at any time.
inline void expect_sound(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file) || ask(file, "SELECT 1 FROM sqlite_schema WHERE name = 'infra_queue'") != "1")
        return;
    EXPECT_EQ(ask(file, "PRAGMA integrity_check"), "ok");
    const std::pair<const char*, const char*> states[] = {
        {"waiting", "infra_waiting r WHERE r.queue = q.id"},
        {"delayed", "infra_delayed r WHERE r.queue = q.id"},
        {"active", "infra_active r WHERE r.queue = q.id"},
        {"completed", "infra_finished r WHERE r.queue = q.id AND r.state = 3"},
        {"failed", "infra_finished r WHERE r.queue = q.id AND r.state = 4"}};
    for (const auto& [state, rows] : states)
        EXPECT_EQ(ask(file, std::string("SELECT name FROM infra_queues q WHERE q.") + state +
                                " <> (SELECT count(*) FROM " + rows + ")"),
                  "none")
            << "the count of " << state << " differs from the rows";
    const std::string places = "(SELECT seq, queue, 0 AS state, place, priority FROM infra_waiting UNION ALL "
                               "SELECT seq, queue, 1, due_at, NULL FROM infra_delayed UNION ALL "
                               "SELECT seq, queue, 0, NULL, NULL FROM infra_active UNION ALL "
                               "SELECT seq, queue, state, number, NULL FROM infra_finished)";
    EXPECT_EQ(ask(file, "SELECT seq FROM " + places + " GROUP BY seq HAVING count(*) > 1"), "none") << "in two states";
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE seq NOT IN (SELECT seq FROM " + places + ")"), "none")
        << "in no state";
    EXPECT_EQ(ask(file, "SELECT p.seq FROM " + places +
                            " p LEFT JOIN infra_jobs j ON j.seq = p.seq AND j.queue = p.queue "
                            "AND j.state = p.state AND j.place = coalesce(p.place, j.place) AND j.priority = "
                            "coalesce(p.priority, j.priority) WHERE j.seq IS NULL"),
              "none")
        << "a job's row says it stands elsewhere";
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE (data IS NULL) <> (seq IN (SELECT seq FROM infra_payloads))"),
              "none");
    EXPECT_EQ(ask(file, "SELECT w.seq FROM infra_waiting w JOIN infra_jobs USING (seq) WHERE expires_at IS NOT NULL "
                        "EXCEPT SELECT e.seq FROM infra_expiring e JOIN infra_jobs j USING (seq, queue, expires_at)"),
              "none")
        << "waits for ever";
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_expiring WHERE seq NOT IN (SELECT seq FROM infra_waiting)"), "none");
    EXPECT_EQ(ask(file,
                  "SELECT d.id FROM infra_deduplications d LEFT JOIN infra_jobs j USING (seq) WHERE until IS NULL "
                  "AND (j.seq IS NULL OR j.state >= 3 OR j.deduplication IS NOT d.id OR j.queue <> d.queue)"),
              "none")
        << "held by a job that is over";
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_logs WHERE seq NOT IN (SELECT seq FROM infra_jobs)"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_logs GROUP BY seq HAVING count(*) > 1000"), "none");
    for (const auto* table : {"infra_followed", "infra_events", "infra_minutes", "infra_schedules"})
        EXPECT_EQ(
            ask(file, std::string("SELECT queue FROM ") + table + " WHERE queue NOT IN (SELECT id FROM infra_queues)"),
            "none")
            << table;
    EXPECT_EQ(ask(file, "SELECT e.number FROM infra_events e LEFT JOIN infra_followed f USING (queue) WHERE f.queue IS "
                        "NULL OR e.number > f.last_number OR e.number <= f.forgotten"),
              "none");
    EXPECT_EQ(ask(file, "SELECT queue FROM infra_events GROUP BY queue HAVING count(*) > 10000"), "none");
    EXPECT_EQ(ask(file, "SELECT queue FROM infra_minutes WHERE minute % 60000 <> 0 OR completed + failed < 1"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_payloads WHERE seq NOT IN (SELECT seq FROM infra_jobs)"), "none");
    EXPECT_EQ(ask(file,
                  "SELECT seq FROM infra_jobs WHERE (kind IS NULL) = (name IS NULL) OR (name IS NULL) <> (options "
                  "IS NULL) OR (kind IS NOT NULL AND kind NOT IN (SELECT id FROM infra_kinds))"),
              "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE (state >= 3) <> (finished_at IS NOT NULL)"), "none");
    EXPECT_EQ(ask(file,
                  "SELECT seq FROM infra_jobs, infra_queue WHERE seq >= next_seq OR fence >= next_number OR (state "
                  "<> 1 AND abs(place) >= next_number)"),
              "none");
}

} // namespace infra::queue::tests
