#pragma once

// SQLite files under test, and a look into them past the backend.

#include "../support.hpp"

#include <infra/queue/sqlite.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace infra::queue::tests {

/// A connection past the backend.
class opened_file {
public:
    explicit opened_file(const std::filesystem::path& file) {
        sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr);
        sqlite3_busy_timeout(db_, 10'000);
    }
    ~opened_file() { sqlite3_close(db_); }
    opened_file(const opened_file&) = delete;
    opened_file& operator=(const opened_file&) = delete;

    /// Of every row all columns, as text; blobs as they are.
    std::vector<std::vector<std::string>> rows(const std::string& sql) {
        std::vector<std::vector<std::string>> found;
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
            found.push_back({std::string("error: ") + sqlite3_errmsg(db_)});
        while (found.size() < 1'000'000 && statement && sqlite3_step(statement) == SQLITE_ROW) {
            auto& row = found.emplace_back();
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                const bool is_null = sqlite3_column_type(statement, i) == SQLITE_NULL;
                const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
                const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
                row.push_back(is_null ? "none" : std::string(bytes ? bytes : "", size));
            }
        }
        sqlite3_finalize(statement);
        return found;
    }
    /// The first column of the first row; `none` if there is no row.
    std::string ask(const std::string& sql) {
        const auto found = rows(sql);
        return found.empty() ? "none" : found.front().at(0);
    }

private:
    sqlite3* db_ = nullptr;
};

inline std::string ask(const std::filesystem::path& file, const std::string& sql) { return opened_file(file).ask(sql); }

/// What stands packed in blobs, as a temporary table: columns of `from`, then those packed.
inline void unpack(opened_file& file, const std::string& table, const std::string& from, const std::string& beside,
                   const std::vector<std::string>& columns) {
    std::string names = beside;
    for (const auto& each : columns)
        names += ", " + each + " INTEGER";
    file.ask("CREATE TEMP TABLE " + table + " (" + names + ")");
    const auto width = sizeof(std::int64_t) * columns.size();
    for (const auto& row : file.rows("SELECT " + beside + ", jobs FROM " + from)) {
        const auto& blob = row.back();
        EXPECT_EQ(blob.size() % width, 0u) << from;
        EXPECT_FALSE(blob.empty()) << "an empty block in " << from;
        for (std::size_t at = 0; at + width <= blob.size(); at += width) {
            std::string values;
            for (std::size_t i = 0; i + 1 < row.size(); ++i)
                values += row[i] + ", ";
            for (std::size_t i = 0; i < columns.size(); ++i) {
                std::int64_t value = 0;
                std::memcpy(&value, blob.data() + at + sizeof value * i, sizeof value);
                values += (i == 0 ? "" : ", ") + std::to_string(value);
            }
            EXPECT_EQ(file.ask("INSERT INTO " + table + " VALUES (" + values + ")"), "none");
        }
    }
}

/// What a function throws; none if it returns.
template <class F>
boost::system::error_code code_thrown_by(F f) {
    try {
        f();
    } catch (const std::exception&) {
        return infra::code_of(std::current_exception());
    }
    return {};
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

/// Whether tables of blocks say what they should: the line, leases, ends and runs are made of them.
inline void expect_sound_blocks(opened_file& file) {
    unpack(file, "leases", "infra_active", "block", {"seq", "queue", "fence", "until", "started_at", "marks"});
    unpack(file, "ends", "infra_ends", "block", {"seq", "number", "fence", "started_at", "finished_at", "marks"});
    unpack(file, "runs", "infra_finished", "queue, state, last", {"seq"});
    unpack(file, "line", "infra_waiting", "queue, priority, last", {"place", "seq"});
    EXPECT_EQ(
        file.ask("SELECT seq FROM line l WHERE place > last OR EXISTS (SELECT 1 FROM infra_waiting b WHERE b.queue = "
                 "l.queue AND b.priority = l.priority AND b.last < l.last AND b.last >= l.place)"),
        "none")
        << "stands in a later run than its place";
    EXPECT_EQ(file.ask("SELECT seq FROM ends WHERE seq / 64 <> block OR marks NOT BETWEEN 0 AND 3"), "none");
    EXPECT_EQ(file.ask("SELECT block FROM leases GROUP BY block HAVING count(*) > 64"), "none");
    EXPECT_EQ(file.ask("SELECT seq FROM leases WHERE marks NOT BETWEEN 0 AND 7"), "none");
    EXPECT_EQ(file.ask("SELECT e.seq FROM ends e LEFT JOIN runs r ON r.seq = e.seq AND r.state = 3 + (e.marks & 1) AND "
                       "e.number <= r.last WHERE r.seq IS NULL"),
              "none")
        << "is over, but not among those that finished";
    EXPECT_EQ(file.ask("SELECT seq FROM runs WHERE seq NOT IN (SELECT seq FROM ends)"), "none") << "has not ended";
    EXPECT_EQ(
        file.ask("SELECT e.seq FROM ends e JOIN runs r USING (seq) JOIN infra_finished b ON b.queue = r.queue AND "
                 "b.state = r.state AND b.last < r.last AND b.last >= e.number"),
        "none")
        << "stands in a later run than its number";
}

/// Only who waits has a time of its own from when it does.
inline void expect_sound_waits(opened_file& file) {
    EXPECT_EQ(
        file.ask("SELECT seq FROM infra_jobs WHERE waiting_since IS NOT NULL AND seq NOT IN (SELECT seq FROM line) "
                 "AND seq NOT IN (SELECT seq FROM infra_grouped)"),
        "none");
}

/// Numbers of families are those of their children; who waits has a reason, and what is pending is there.
inline void expect_sound_families(opened_file& file) {
    file.ask(
        "CREATE TEMP VIEW families AS SELECT * FROM infra_families WHERE waits <> 2"); // others are being forgotten
    EXPECT_EQ(file.ask("SELECT f.seq FROM families f LEFT JOIN infra_children c ON c.parent = f.seq GROUP BY f.seq "
                       "HAVING pending <> count(c.seq) FILTER (WHERE c.state = 0) OR completed <> count(c.seq) FILTER "
                       "(WHERE c.state = 1) OR failed <> count(c.seq) FILTER (WHERE c.state = 2) OR bytes <> "
                       "coalesce(sum(coalesce(length(CAST(result AS BLOB)), 0) + coalesce(length(CAST(failed_reason AS "
                       "BLOB)), 0)), 0) OR (waits = 1 AND pending = 0 AND fails = 0)"),
              "none");
    EXPECT_EQ(
        file.ask("SELECT seq FROM infra_families f WHERE fails = 1 AND (waits = 2 OR (waits = 1 AND pending = 0 AND "
                 "NOT EXISTS (SELECT 1 FROM infra_children WHERE parent = f.seq AND state = 2 AND on_failure = "
                 "0)))"),
        "none")
        << "is to fail, and no child has failed it";
    EXPECT_EQ(file.ask("SELECT seq FROM infra_families WHERE (waits <> 2) <> (seq IN (SELECT seq FROM infra_jobs))"),
              "none");
    EXPECT_EQ(file.ask("SELECT parent FROM infra_children WHERE parent NOT IN (SELECT seq FROM infra_families)"),
              "none");
    EXPECT_EQ(file.ask("SELECT c.seq FROM infra_children c JOIN families f ON f.seq = c.parent LEFT JOIN infra_jobs j "
                       "ON j.seq = c.seq "
                       "AND j.parent = c.parent WHERE c.state = 0 AND j.seq IS NULL"),
              "none")
        << "is waited for, and not there";
    EXPECT_EQ(file.ask("SELECT c.seq FROM infra_children c JOIN ends USING (seq) JOIN families f ON f.seq = c.parent "
                       "WHERE c.state = 0 AND on_failure <> 4 AND f.seq NOT IN (SELECT seq FROM ends)"),
              "none")
        << "is over, and waited for";
}

/// Each group has the turn that it is to have, and its head stands there.
inline void expect_sound_groups(opened_file& file) {
    EXPECT_EQ(
        file.ask("SELECT g.name FROM infra_groups g WHERE waiting <> (SELECT count(*) FROM infra_grouped r WHERE "
                 "r.queue = g.queue AND r.name = g.name) OR active <> (SELECT count(*) FROM leases l JOIN infra_jobs "
                 "j USING (seq) WHERE j.queue = g.queue AND j.grp = g.name)"),
        "none");
    EXPECT_EQ(
        file.ask(
            "SELECT r.seq FROM infra_grouped r LEFT JOIN infra_groups g USING (queue, name) LEFT JOIN infra_jobs j "
            "ON j.seq = r.seq AND j.grp = r.name AND j.queue = r.queue WHERE g.name IS NULL OR j.seq IS NULL"),
        "none");
    EXPECT_EQ(file.ask("SELECT name FROM infra_groups WHERE waiting = 0 AND active = 0 AND rate_from IS NULL"), "none");
    EXPECT_EQ(
        file.ask(
            "SELECT g.name FROM infra_groups g JOIN infra_queues q ON q.id = g.queue WHERE (turn IS NOT NULL) <> "
            "(g.waiting > 0 AND (group_concurrency = 0 OR g.active < group_concurrency) AND (group_rate_max = 0 "
            "OR g.rate_from IS NULL OR g.rate_started < group_rate_max)) AND (unsettled_after IS NULL OR g.name <= "
            "unsettled_after)"),
        "none")
        << "stands in line and may not, or the other way round";
    EXPECT_EQ(
        file.ask(
            "SELECT name FROM infra_groups g WHERE turn IS NOT NULL AND head IS NOT (SELECT seq FROM infra_grouped "
            "r WHERE r.queue = g.queue AND r.name = g.name ORDER BY priority, place LIMIT 1)"),
        "none");
    EXPECT_EQ(
        file.ask("SELECT w.seq FROM line w JOIN infra_jobs j USING (seq) WHERE grp IS NOT NULL EXCEPT SELECT w.seq "
                 "FROM infra_groups g JOIN line w ON w.queue = g.queue AND w.priority = g.head_priority AND "
                 "w.place = g.turn AND w.seq = g.head"),
        "none");
    EXPECT_EQ(file.ask("SELECT head FROM infra_groups WHERE turn IS NOT NULL AND head NOT IN (SELECT seq FROM line)"),
              "none");
}

/// What must hold of any file at any time.
inline void expect_sound(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path) || ask(path, "SELECT 1 FROM sqlite_schema WHERE name = 'infra_queue'") != "1")
        return;
    opened_file file(path);
    const auto asked = [&](const std::string& sql) { return file.ask(sql); };
    EXPECT_EQ(asked("PRAGMA integrity_check"), "ok");
    expect_sound_blocks(file);
    expect_sound_waits(file);
    // The head of a group stands in the line as well.
    file.ask("CREATE TEMP VIEW waiting AS SELECT w.queue, w.priority, w.place, w.seq FROM line w JOIN infra_jobs "
             "USING (seq) WHERE grp IS NULL UNION ALL SELECT queue, priority, place, seq FROM infra_grouped");
    expect_sound_families(file);
    expect_sound_groups(file);
    const std::pair<const char*, const char*> states[] = {
        {"waiting", "waiting r WHERE r.queue = q.id"},
        {"waiting_children", "infra_families r WHERE r.queue = q.id AND r.waits = 1"},
        {"delayed", "infra_delayed r WHERE r.queue = q.id"},
        {"active", "leases r WHERE r.queue = q.id"},
        {"completed", "runs r WHERE r.queue = q.id AND r.state = 3"},
        {"failed", "runs r WHERE r.queue = q.id AND r.state = 4"}};
    for (const auto& [state, rows] : states)
        EXPECT_EQ(asked(std::string("SELECT name FROM infra_queues q WHERE q.") + state + " <> (SELECT count(*) FROM " +
                        rows + ")"),
                  "none")
            << "the count of " << state << " differs from the rows";
    const std::string places = "(SELECT seq, queue, 0 AS state, place, priority FROM waiting UNION ALL "
                               "SELECT seq, queue, 1, due_at, NULL FROM infra_delayed UNION ALL "
                               "SELECT seq, queue, 5, NULL, NULL FROM infra_families WHERE waits = 1 UNION ALL "
                               "SELECT seq, queue, 0, NULL, NULL FROM leases UNION ALL "
                               "SELECT seq, queue, 0, NULL, NULL FROM runs)";
    EXPECT_EQ(asked("SELECT seq FROM " + places + " GROUP BY seq HAVING count(*) > 1"), "none") << "in two states";
    EXPECT_EQ(asked("SELECT seq FROM infra_jobs WHERE seq NOT IN (SELECT seq FROM " + places + ")"), "none")
        << "in no state";
    EXPECT_EQ(asked("SELECT p.seq FROM " + places +
                    " p LEFT JOIN infra_jobs j ON j.seq = p.seq AND j.queue = p.queue "
                    "AND j.state = p.state AND j.place = coalesce(p.place, j.place) AND j.priority = "
                    "coalesce(p.priority, j.priority) WHERE j.seq IS NULL"),
              "none")
        << "a job's row says it stands elsewhere";
    EXPECT_EQ(asked("SELECT seq FROM infra_jobs WHERE (data IS NULL) <> (seq IN (SELECT seq FROM infra_payloads))"),
              "none");
    EXPECT_EQ(asked("SELECT w.seq FROM waiting w JOIN infra_jobs USING (seq) WHERE expires_at IS NOT NULL "
                    "EXCEPT SELECT e.seq FROM infra_expiring e JOIN infra_jobs j USING (seq, queue, expires_at)"),
              "none")
        << "waits for ever";
    EXPECT_EQ(asked("SELECT seq FROM infra_expiring WHERE seq NOT IN (SELECT seq FROM waiting)"), "none");
    EXPECT_EQ(
        asked("SELECT d.id FROM infra_deduplications d LEFT JOIN infra_jobs j USING (seq) WHERE until IS NULL "
              "AND (j.seq IS NULL OR j.seq IN (SELECT seq FROM ends) OR j.deduplication IS NOT d.id OR j.queue <> "
              "d.queue)"),
        "none")
        << "held by a job that is over";
    EXPECT_EQ(
        asked("SELECT seq FROM leases JOIN infra_jobs USING (seq) WHERE (deduplication IS NOT NULL) <> (marks >> 1 "
              "& 1)"),
        "none");
    EXPECT_EQ(asked("SELECT seq FROM infra_logs WHERE seq NOT IN (SELECT seq FROM infra_jobs)"), "none");
    EXPECT_EQ(asked("SELECT seq FROM infra_logs GROUP BY seq HAVING count(*) > 1000"), "none");
    for (const auto* table : {"infra_followed", "infra_events", "infra_minutes", "infra_schedules"})
        EXPECT_EQ(
            asked(std::string("SELECT queue FROM ") + table + " WHERE queue NOT IN (SELECT id FROM infra_queues)"),
            "none")
            << table;
    EXPECT_EQ(asked("SELECT e.number FROM infra_events e LEFT JOIN infra_followed f USING (queue) WHERE f.queue IS "
                    "NULL OR e.number > f.last_number OR e.number <= f.forgotten"),
              "none");
    EXPECT_EQ(asked("SELECT queue FROM infra_events GROUP BY queue HAVING count(*) > 10000"), "none");
    EXPECT_EQ(asked("SELECT queue FROM infra_minutes WHERE minute % 60000 <> 0 OR completed + failed < 1"), "none");
    EXPECT_EQ(asked("SELECT seq FROM infra_payloads WHERE seq NOT IN (SELECT seq FROM infra_jobs)"), "none");
    EXPECT_EQ(asked("SELECT seq FROM infra_jobs WHERE (kind IS NULL) = (name IS NULL) OR (name IS NULL) <> (options "
                    "IS NULL) OR (kind IS NOT NULL AND kind NOT IN (SELECT id FROM infra_kinds))"),
              "none");
    EXPECT_EQ(asked("SELECT seq FROM infra_jobs, infra_queue WHERE seq >= next_seq OR fence >= next_number OR (state "
                    "= 0 AND seq NOT IN (SELECT seq FROM ends) AND abs(place) >= next_number)"),
              "none");
    EXPECT_EQ(
        asked("SELECT fence FROM (SELECT fence FROM leases UNION ALL SELECT fence FROM ends UNION ALL SELECT number "
              "FROM ends), infra_queue WHERE fence >= next_number"),
        "none");
}

} // namespace infra::queue::tests
