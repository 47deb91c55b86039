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
    const char* const states[] = {"waiting", "delayed", "active", "completed", "failed"};
    for (int s = 0; s < 5; ++s)
        EXPECT_EQ(ask(file, std::string("SELECT name FROM infra_queues q WHERE q.") + states[s] +
                                " <> (SELECT count(*) FROM infra_jobs j WHERE j.queue = q.id AND j.state = " +
                                std::to_string(s) + ")"),
                  "none")
            << "the count of " << states[s] << " differs from the rows";
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE seq NOT IN (SELECT seq FROM infra_payloads)"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_payloads WHERE seq NOT IN (SELECT seq FROM infra_jobs)"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE state = 1 AND due_at IS NULL"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE state <> 1 AND due_at IS NOT NULL"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE (state = 2) <> (lease_until IS NOT NULL)"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE (state >= 3) <> (finished_at IS NOT NULL)"), "none");
    EXPECT_EQ(ask(file, "SELECT seq FROM infra_jobs WHERE attempts_made > fence"), "none");
    EXPECT_EQ(
        ask(file, "SELECT seq FROM infra_jobs, infra_queue WHERE seq >= next_number OR abs(place) >= next_number"),
        "none");
}

} // namespace infra::queue::tests
