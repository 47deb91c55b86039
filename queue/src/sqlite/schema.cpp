#include "schema.hpp"

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
};

int version_of(database& db) {
    {
        query there(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'infra_queue'");
        if (!there.step())
            return 0;
    }
    query stored(db, "SELECT schema_version FROM infra_queue");
    return stored.step() ? static_cast<int>(stored.integer(0)) : 0;
}

void refuse_newer(int version, const database& db) {
    if (version > schema_version)
        throw error(errc::incompatible, "the queue's file " + db.file().string() +
                                            " was written by a newer version of this library (schema " +
                                            std::to_string(version) + ", this one knows up to " +
                                            std::to_string(schema_version) +
                                            "); run that version, or name another file. Nothing was changed");
}

} // namespace

void refuse_newer_schema(database& db) { refuse_newer(version_of(db), db); }

void prepare_schema(database& db) {
    const int seen = version_of(db);
    refuse_newer(seen, db);
    if (seen == schema_version)
        return;
    db.execute("BEGIN IMMEDIATE");
    try {
        const int version = version_of(db); // again, now that nobody else can migrate
        refuse_newer(version, db);
        for (int v = version; v < schema_version; ++v)
            db.execute(migrations[static_cast<std::size_t>(v)]);
        query(db, "UPDATE infra_queue SET schema_version = ?1").bind(schema_version).run();
        db.execute("COMMIT");
    } catch (...) {
        if (db.in_transaction())
            db.execute("ROLLBACK");
        throw;
    }
}

} // namespace infra::queue::sqlite
