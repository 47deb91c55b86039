#include "migrations.hpp"

#include "finish_order.hpp"
#include "job_ends.hpp"
#include "leases.hpp"
#include "schema.hpp"
#include "waiting_line.hpp"

#include <array>

namespace infra::queue::sqlite {
namespace {

// migrations[v] makes version v + 1 out of v. Never edited once released: files out there went through them.
constexpr std::array<const char*, schema_version> migrations = {
    R"(
    CREATE TABLE infra_queue (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        schema_version INTEGER NOT NULL,
        next_number    INTEGER NOT NULL
    ) STRICT;
    INSERT INTO infra_queue VALUES (1, 0, 1);

    CREATE TABLE infra_queues (
        id        INTEGER PRIMARY KEY,
        name      TEXT NOT NULL UNIQUE,
        waiting   INTEGER NOT NULL DEFAULT 0,
        delayed   INTEGER NOT NULL DEFAULT 0,
        active    INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed    INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE infra_jobs (
        seq           INTEGER PRIMARY KEY,
        queue         INTEGER NOT NULL REFERENCES infra_queues (id),
        id            TEXT NOT NULL,
        state         INTEGER NOT NULL,
        priority      INTEGER NOT NULL,
        place         INTEGER NOT NULL,
        due_at        INTEGER,
        attempts_made INTEGER NOT NULL DEFAULT 0,
        fence         INTEGER NOT NULL DEFAULT 0,
        stalls        INTEGER NOT NULL DEFAULT 0,
        worker        TEXT,
        lease_until   INTEGER,
        started_at    INTEGER,
        finished_at   INTEGER,
        failed_reason TEXT,
        result        TEXT
    ) STRICT;
    CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue);
    CREATE INDEX infra_jobs_waiting ON infra_jobs (queue, priority, place) WHERE state = 0;
    CREATE INDEX infra_jobs_delayed ON infra_jobs (due_at) WHERE state = 1;
    CREATE INDEX infra_jobs_active ON infra_jobs (lease_until) WHERE state = 2;
    CREATE INDEX infra_jobs_completed ON infra_jobs (queue, finished_at) WHERE state = 3;
    CREATE INDEX infra_jobs_failed ON infra_jobs (queue, finished_at) WHERE state = 4;

    CREATE TABLE infra_payloads (
        seq                  INTEGER PRIMARY KEY REFERENCES infra_jobs (seq),
        name                 TEXT NOT NULL,
        data                 TEXT NOT NULL,
        traceparent          TEXT,
        created_at           INTEGER NOT NULL,
        lifo                 INTEGER NOT NULL,
        attempts             INTEGER NOT NULL,
        backoff              INTEGER NOT NULL,
        backoff_delay        INTEGER NOT NULL,
        backoff_max          INTEGER,
        backoff_jitter       REAL NOT NULL,
        timeout              INTEGER,
        keep_completed_count INTEGER,
        keep_completed_age   INTEGER,
        keep_failed_count    INTEGER,
        keep_failed_age      INTEGER
    ) STRICT;
    )",
    // From here on it holds all trace headers as JSON; what version 1 stored stays a traceparent alone.
    "ALTER TABLE infra_payloads RENAME COLUMN traceparent TO carrier",
    // A job's row is written when it comes and when it ends; where it stands in between is a short row of another table.
    // The ids that stand in the file stay with their jobs, as if a caller had chosen them.
    R"(
    ALTER TABLE infra_queue ADD COLUMN next_seq INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE infra_queue ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN rate_max INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN rate_duration INTEGER NOT NULL DEFAULT 1000;
    ALTER TABLE infra_queues ADD COLUMN max_length INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN rate_from INTEGER;
    ALTER TABLE infra_queues ADD COLUMN rate_started INTEGER NOT NULL DEFAULT 0;
    DROP INDEX infra_jobs_id;
    ALTER TABLE infra_jobs RENAME TO infra_old_jobs;
    ALTER TABLE infra_payloads RENAME TO infra_old_payloads;

    CREATE TABLE infra_kinds (
        id      INTEGER PRIMARY KEY,
        name    TEXT NOT NULL,
        options TEXT NOT NULL,
        UNIQUE (name, options)
    ) STRICT;
    CREATE TABLE infra_jobs (
        seq           INTEGER PRIMARY KEY,
        queue         INTEGER NOT NULL REFERENCES infra_queues (id),
        id            TEXT,
        state         INTEGER NOT NULL,
        priority      INTEGER NOT NULL,
        place         INTEGER NOT NULL,
        kind          INTEGER REFERENCES infra_kinds (id),
        name          TEXT,
        options       TEXT,
        attempts_made INTEGER NOT NULL DEFAULT 0,
        stalls        INTEGER NOT NULL DEFAULT 0,
        fence         INTEGER NOT NULL DEFAULT 0,
        created_at    INTEGER NOT NULL,
        started_at    INTEGER,
        finished_at   INTEGER,
        data          TEXT,
        carrier       TEXT,
        failed_reason TEXT,
        result        TEXT,
        expires_at    INTEGER,
        deduplication TEXT,
        errors        TEXT,
        progress      TEXT
    ) STRICT;
    CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue) WHERE id IS NOT NULL;
    CREATE TABLE infra_payloads (
        seq  INTEGER PRIMARY KEY REFERENCES infra_jobs (seq),
        data TEXT NOT NULL
    ) STRICT;
    CREATE TABLE infra_waiting (
        queue    INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        place    INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        PRIMARY KEY (queue, priority, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_delayed (
        due_at INTEGER NOT NULL,
        seq    INTEGER NOT NULL,
        queue  INTEGER NOT NULL,
        PRIMARY KEY (due_at, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_expiring (
        queue      INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        PRIMARY KEY (queue, expires_at, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_active (
        seq              INTEGER PRIMARY KEY,
        queue            INTEGER NOT NULL,
        fence            INTEGER NOT NULL,
        lease_until      INTEGER NOT NULL,
        started_at       INTEGER NOT NULL,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        worker           TEXT NOT NULL
    ) STRICT;
    CREATE TABLE infra_finished (
        queue       INTEGER NOT NULL,
        state       INTEGER NOT NULL,
        number      INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        finished_at INTEGER NOT NULL,
        PRIMARY KEY (queue, state, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_deduplications (
        queue  INTEGER NOT NULL,
        id     TEXT NOT NULL,
        seq    INTEGER NOT NULL,
        job_id TEXT,
        until  INTEGER,
        last   TEXT,
        PRIMARY KEY (queue, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_logs (
        seq    INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        text   TEXT NOT NULL,
        PRIMARY KEY (seq, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_followed (
        queue       INTEGER PRIMARY KEY,
        until       INTEGER NOT NULL,
        last_number INTEGER NOT NULL,
        forgotten   INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE infra_events (
        queue  INTEGER NOT NULL,
        number INTEGER NOT NULL,
        what   INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        id     TEXT NOT NULL,
        data   TEXT NOT NULL,
        PRIMARY KEY (queue, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_minutes (
        queue     INTEGER NOT NULL,
        minute    INTEGER NOT NULL,
        completed INTEGER NOT NULL,
        failed    INTEGER NOT NULL,
        PRIMARY KEY (queue, minute)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_schedules (
        queue      INTEGER NOT NULL,
        id         TEXT NOT NULL,
        recurrence TEXT NOT NULL,
        name       TEXT NOT NULL,
        data       TEXT NOT NULL,
        options    TEXT NOT NULL,
        priority   INTEGER NOT NULL,
        runs       INTEGER NOT NULL DEFAULT 0,
        next       INTEGER,
        last       INTEGER,
        defined_at INTEGER NOT NULL,
        PRIMARY KEY (queue, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX infra_deduplications_until ON infra_deduplications (until) WHERE until IS NOT NULL;

    INSERT INTO infra_finished
        SELECT queue, state, row_number() OVER (ORDER BY finished_at, seq), seq, finished_at
        FROM infra_old_jobs WHERE state IN (3, 4);
    INSERT INTO infra_waiting SELECT queue, priority, place, seq FROM infra_old_jobs WHERE state = 0;
    INSERT INTO infra_delayed SELECT due_at, seq, queue FROM infra_old_jobs WHERE state = 1;
    INSERT INTO infra_active
        SELECT seq, queue, fence, lease_until, coalesce(started_at, 0), 0, coalesce(worker, '')
        FROM infra_old_jobs WHERE state = 2;
    INSERT INTO infra_payloads
        SELECT seq, data FROM infra_old_payloads WHERE length(CAST(data AS BLOB)) > 1024;
    INSERT INTO infra_jobs
        SELECT j.seq, j.queue, j.id, iif(j.state = 2, 0, j.state), j.priority,
               CASE WHEN j.state = 1 THEN j.due_at WHEN j.state IN (3, 4) THEN f.number ELSE j.place END,
               NULL, p.name,
               json_patch('{}', json_object(
                   'attempts', p.attempts, 'backoff', p.backoff, 'backoff_delay', p.backoff_delay,
                   'backoff_max', p.backoff_max, 'backoff_jitter', p.backoff_jitter, 'timeout', p.timeout,
                   'lifo', json(iif(p.lifo, 'true', 'false')), 'keep_completed_count', p.keep_completed_count,
                   'keep_completed_age', p.keep_completed_age, 'keep_failed_count', p.keep_failed_count,
                   'keep_failed_age', p.keep_failed_age)),
               j.attempts_made, j.stalls, j.fence, p.created_at, j.started_at, j.finished_at,
               iif(length(CAST(p.data AS BLOB)) > 1024, NULL, p.data),
               iif(p.carrier LIKE '{%', p.carrier, '{"traceparent":"' || p.carrier || '"}'),
               j.failed_reason, j.result, NULL, NULL, NULL, NULL
        FROM infra_old_jobs j JOIN infra_old_payloads p USING (seq) LEFT JOIN infra_finished f USING (seq);
    UPDATE infra_queue SET
        next_seq = next_number,
        next_number = max(next_number, (SELECT coalesce(max(fence), 0) + 1 FROM infra_old_jobs)),
        incarnation = abs(random() % 1000000000);
    DROP TABLE infra_old_payloads;
    DROP TABLE infra_old_jobs;
    )",
    // Leases and ends in blocks: what changes together is one row. pack_rows() fills them. No REFERENCES any more: a program
    // that opens the file may have SQLite enforce them, and rows go in another order.
    R"(
    ALTER TABLE infra_active RENAME TO infra_old_active;
    ALTER TABLE infra_finished RENAME TO infra_old_finished;
    ALTER TABLE infra_waiting RENAME TO infra_old_waiting;
    CREATE TABLE infra_waiting (
        queue    INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        jobs     BLOB NOT NULL,
        PRIMARY KEY (queue, priority, last)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_active (
        block  INTEGER PRIMARY KEY,
        worker TEXT NOT NULL,
        jobs   BLOB NOT NULL
    ) STRICT;
    CREATE TABLE infra_ends (
        block INTEGER PRIMARY KEY,
        jobs  BLOB NOT NULL
    ) STRICT;
    CREATE TABLE infra_finished (
        queue INTEGER NOT NULL,
        state INTEGER NOT NULL,
        last  INTEGER NOT NULL,
        jobs  BLOB NOT NULL,
        PRIMARY KEY (queue, state, last)
    ) STRICT, WITHOUT ROWID;
    DROP INDEX infra_jobs_id;
    ALTER TABLE infra_jobs RENAME TO infra_old_jobs;
    ALTER TABLE infra_payloads RENAME TO infra_old_payloads;
    CREATE TABLE infra_jobs (
        seq           INTEGER PRIMARY KEY,
        queue         INTEGER NOT NULL,
        id            TEXT,
        state         INTEGER NOT NULL,
        priority      INTEGER NOT NULL,
        place         INTEGER NOT NULL,
        kind          INTEGER,
        created_at    INTEGER NOT NULL,
        data          TEXT,
        carrier       TEXT,
        name          TEXT,
        options       TEXT,
        attempts_made INTEGER NOT NULL DEFAULT 0,
        stalls        INTEGER NOT NULL DEFAULT 0,
        fence         INTEGER NOT NULL DEFAULT 0,
        started_at    INTEGER,
        expires_at    INTEGER,
        deduplication TEXT,
        failed_reason TEXT,
        result        TEXT,
        errors        TEXT,
        progress      TEXT
    ) STRICT;
    CREATE TABLE infra_payloads (
        seq  INTEGER PRIMARY KEY,
        data TEXT NOT NULL
    ) STRICT;
    INSERT INTO infra_jobs
        SELECT seq, queue, id, iif(state = 1, 1, 0), priority, place, kind, created_at, data, carrier, name, options,
               attempts_made, stalls, fence, started_at, expires_at, deduplication, failed_reason, result, errors,
               progress
        FROM infra_old_jobs;
    INSERT INTO infra_payloads SELECT seq, data FROM infra_old_payloads;
    DROP TABLE infra_old_payloads;
    DROP TABLE infra_old_jobs;
    CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue) WHERE id IS NOT NULL;
    CREATE TABLE infra_workers (
        number INTEGER PRIMARY KEY,
        device INTEGER NOT NULL,
        inode  INTEGER NOT NULL
    ) STRICT;
    )",
    // Jobs that wait for others, and groups. Both lie apart: a job without them has two columns that are NULL.
    R"(
    ALTER TABLE infra_jobs ADD COLUMN grp TEXT;
    ALTER TABLE infra_jobs ADD COLUMN parent INTEGER;
    ALTER TABLE infra_queue ADD COLUMN has_groups INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN waiting_children INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN group_concurrency INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN group_rate_max INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE infra_queues ADD COLUMN group_rate_duration INTEGER NOT NULL DEFAULT 1000;
    ALTER TABLE infra_queues ADD COLUMN unsettled_after TEXT;
    ALTER TABLE infra_queues ADD COLUMN unsettled_windows INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE infra_families (
        seq       INTEGER PRIMARY KEY,
        queue     INTEGER NOT NULL,
        waits     INTEGER NOT NULL,
        pending   INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed    INTEGER NOT NULL DEFAULT 0,
        bytes     INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX infra_families_waiting ON infra_families (queue, seq) WHERE waits = 1;
    CREATE INDEX infra_families_gone ON infra_families (seq) WHERE waits = 2;
    CREATE TABLE infra_children (
        parent        INTEGER NOT NULL,
        seq           INTEGER NOT NULL,
        queue         TEXT NOT NULL,
        id            TEXT NOT NULL,
        on_failure    INTEGER NOT NULL,
        state         INTEGER NOT NULL DEFAULT 0,
        result        TEXT,
        failed_reason TEXT,
        PRIMARY KEY (parent, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE infra_groups (
        queue         INTEGER NOT NULL,
        name          TEXT NOT NULL,
        waiting       INTEGER NOT NULL DEFAULT 0,
        active        INTEGER NOT NULL DEFAULT 0,
        turn          INTEGER,
        head_priority INTEGER,
        head          INTEGER,
        rate_from     INTEGER,
        rate_started  INTEGER NOT NULL DEFAULT 0,
        opens_at      INTEGER,
        PRIMARY KEY (queue, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX infra_groups_opening ON infra_groups (opens_at) WHERE opens_at IS NOT NULL;
    CREATE INDEX infra_groups_rated ON infra_groups (rate_from) WHERE rate_from IS NOT NULL;
    CREATE INDEX infra_groups_shut ON infra_groups (queue, opens_at)
        WHERE opens_at IS NOT NULL AND turn IS NULL AND waiting > 0;
    CREATE TABLE infra_grouped (
        queue    INTEGER NOT NULL,
        name     TEXT NOT NULL,
        priority INTEGER NOT NULL,
        place    INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        PRIMARY KEY (queue, name, priority, place)
    ) STRICT, WITHOUT ROWID;
    )",
    // How long jobs waited, and for whom. A job that waits since it was added has a column more that is NULL.
    // And parents that are still to fail, since one transaction fails only so many above each other.
    R"(
    ALTER TABLE infra_jobs ADD COLUMN waiting_since INTEGER;
    CREATE INDEX infra_jobs_waiting_since ON infra_jobs (queue, waiting_since) WHERE waiting_since IS NOT NULL;
    CREATE INDEX infra_delayed_queue ON infra_delayed (queue, due_at);
    ALTER TABLE infra_workers ADD COLUMN worker TEXT;
    ALTER TABLE infra_workers ADD COLUMN queues TEXT;
    ALTER TABLE infra_workers ADD COLUMN since INTEGER;
    ALTER TABLE infra_families ADD COLUMN fails INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX infra_families_failing ON infra_families (seq) WHERE fails = 1;
    )",
    // What other programs wrote of jobs and schedules that came from another storage, and where a queue is being moved to.
    R"(
    ALTER TABLE infra_jobs ADD COLUMN handed_on TEXT;
    ALTER TABLE infra_schedules ADD COLUMN handed_on TEXT;
    ALTER TABLE infra_queues ADD COLUMN moving_to TEXT;
    )",
    // Schedules that are paused.
    R"(
    ALTER TABLE infra_schedules ADD COLUMN paused_since INTEGER;
    )",
};

void pack_leases(database& db) {
    lease_book leases;
    query q(db,
            "SELECT a.seq, a.queue, a.fence, lease_until, a.started_at, cancel_requested, deduplication IS NOT NULL, "
            "worker FROM infra_old_active a JOIN infra_jobs USING (seq) ORDER BY a.seq");
    while (q.step())
        leases.add({.seq = q.integer(0),
                    .queue = q.integer(1),
                    .fence = q.integer(2),
                    .until = q.integer(3),
                    .started_at = q.integer(4),
                    .marks = q.integer(5) * lease_row::cancelled + q.integer(6) * lease_row::deduplicated},
                   q.view(7));
    leases.save(db);
}

void pack_ends(database& db) {
    constexpr int together = 10'000;
    job_ends ends;
    finish_order order;
    query q(db, "SELECT queue, state, number, seq, finished_at FROM infra_old_finished ORDER BY queue, state, number");
    for (int n = 1; q.step(); ++n) {
        const auto state = static_cast<job_state>(q.integer(1));
        ends.add(db, {.seq = q.integer(3),
                      .number = q.integer(2),
                      .finished_at = q.integer(4),
                      .marks = state == job_state::failed ? job_end::failed : 0});
        order.add(q.integer(0), state, q.integer(2), q.integer(3));
        if (n % together == 0) {
            ends.save(db);
            order.save(db);
        }
    }
    ends.save(db);
    order.save(db);
}

void pack_line(database& db) {
    constexpr int together = 10'000;
    waiting_line line;
    query q(db, "SELECT queue, priority, place, seq FROM infra_old_waiting ORDER BY queue, priority, place");
    for (int n = 1; q.step(); ++n) {
        line.add(db, {q.integer(0), q.integer(1)}, {q.integer(2), q.integer(3)});
        if (n % together == 0) {
            line.save(db);
            line.begin(0); // they come in order
        }
    }
    line.save(db);
}

// Version 4's blocks, of version 3's rows.
void pack_rows(database& db) {
    pack_leases(db);
    pack_ends(db);
    pack_line(db);
    db.execute("DROP TABLE infra_old_waiting; DROP TABLE infra_old_active; DROP TABLE infra_old_finished");
}

} // namespace

void migrate(database& db, int from) {
    db.execute(migrations[static_cast<std::size_t>(from)]);
    if (from == 3)
        pack_rows(db);
}

} // namespace infra::queue::sqlite
