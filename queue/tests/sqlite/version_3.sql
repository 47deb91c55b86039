-- A file as version 3 left it: a job in each state; the active one was added with a deduplication, and somebody wants it to end.
PRAGMA journal_mode = WAL;
CREATE TABLE infra_active (
        seq              INTEGER PRIMARY KEY,
        queue            INTEGER NOT NULL,
        fence            INTEGER NOT NULL,
        lease_until      INTEGER NOT NULL,
        started_at       INTEGER NOT NULL,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        worker           TEXT NOT NULL
    ) STRICT;
INSERT INTO infra_active VALUES(4,1,50,1767225601000,1767225600000,1,'gone');
CREATE TABLE infra_deduplications (
        queue  INTEGER NOT NULL,
        id     TEXT NOT NULL,
        seq    INTEGER NOT NULL,
        job_id TEXT,
        until  INTEGER,
        last   TEXT,
        PRIMARY KEY (queue, id)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE infra_delayed (
        due_at INTEGER NOT NULL,
        seq    INTEGER NOT NULL,
        queue  INTEGER NOT NULL,
        PRIMARY KEY (due_at, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_delayed VALUES(1767225660000,3,1);
CREATE TABLE infra_events (
        queue  INTEGER NOT NULL,
        number INTEGER NOT NULL,
        what   INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        id     TEXT NOT NULL,
        data   TEXT NOT NULL,
        PRIMARY KEY (queue, number)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE infra_expiring (
        queue      INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        PRIMARY KEY (queue, expires_at, seq)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE infra_finished (
        queue       INTEGER NOT NULL,
        state       INTEGER NOT NULL,
        number      INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        finished_at INTEGER NOT NULL,
        PRIMARY KEY (queue, state, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_finished VALUES(1,3,1,6,1767225601000);
INSERT INTO infra_finished VALUES(1,3,3,5,1767225602000);
INSERT INTO infra_finished VALUES(1,4,2,7,1767225601000);
CREATE TABLE infra_followed (
        queue       INTEGER PRIMARY KEY,
        until       INTEGER NOT NULL,
        last_number INTEGER NOT NULL,
        forgotten   INTEGER NOT NULL
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
INSERT INTO infra_jobs VALUES(1,1,'traced',0,0,1,NULL,'welcome','{"attempts":3,"backoff":0,"backoff_delay":0,"backoff_jitter":0.0,"timeout":5000,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}',0,0,0,1767225600000,NULL,NULL,'{"n":1}',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(2,1,'plain',0,0,2,NULL,'welcome','{"attempts":1,"backoff":0,"backoff_delay":0,"backoff_jitter":0.0,"lifo":false}',0,0,0,1767225600000,NULL,NULL,'{"n":2}',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(3,1,'delayed',1,7,1767225660000,NULL,'welcome','{"attempts":3,"backoff":1,"backoff_delay":1000,"backoff_max":60000,"backoff_jitter":0.25,"timeout":5000,"lifo":true,"keep_completed_count":3,"keep_completed_age":3600,"keep_failed_age":60}',1,0,4,1767225600000,1767225600000,NULL,NULL,'{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}','busy',NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(4,1,'active',0,0,-4,NULL,'welcome','{"attempts":3,"backoff":1,"backoff_delay":1000,"backoff_max":60000,"backoff_jitter":0.25,"timeout":5000,"lifo":false,"keep_completed_count":3,"keep_completed_age":3600,"keep_failed_age":60}',0,2,50,1767225600000,1767225600000,NULL,'{}',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(5,1,'late',3,0,3,NULL,'welcome','{"attempts":3,"backoff":1,"backoff_delay":1000,"backoff_max":60000,"backoff_jitter":0.25,"timeout":5000,"lifo":false,"keep_completed_count":3,"keep_completed_age":3600,"keep_failed_age":60}',1,0,1,1767225600000,1767225600000,1767225602000,'{}',NULL,NULL,'"done"',NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(6,1,'soon',3,0,1,NULL,'welcome','{"attempts":3,"backoff":1,"backoff_delay":1000,"backoff_max":60000,"backoff_jitter":0.25,"timeout":5000,"lifo":false,"keep_completed_count":3,"keep_completed_age":3600,"keep_failed_age":60}',1,0,1,1767225600000,1767225600000,1767225601000,'{}',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(7,1,'failed',4,0,2,NULL,'welcome','{"attempts":3,"backoff":1,"backoff_delay":1000,"backoff_max":60000,"backoff_jitter":0.25,"timeout":5000,"lifo":false,"keep_completed_count":3,"keep_completed_age":3600,"keep_failed_age":60}',2,0,2,1767225600000,1767225600000,1767225601000,'{}',NULL,'no such user',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE infra_kinds (
        id      INTEGER PRIMARY KEY,
        name    TEXT NOT NULL,
        options TEXT NOT NULL,
        UNIQUE (name, options)
    ) STRICT;
CREATE TABLE infra_logs (
        seq    INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        text   TEXT NOT NULL,
        PRIMARY KEY (seq, number)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE infra_minutes (
        queue     INTEGER NOT NULL,
        minute    INTEGER NOT NULL,
        completed INTEGER NOT NULL,
        failed    INTEGER NOT NULL,
        PRIMARY KEY (queue, minute)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE infra_payloads (
        seq  INTEGER PRIMARY KEY REFERENCES infra_jobs (seq),
        data TEXT NOT NULL
    ) STRICT;
INSERT INTO infra_payloads VALUES(3,'"' || printf('%.*c', 2000, 'x') || '"');
CREATE TABLE infra_queue (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        schema_version INTEGER NOT NULL,
        next_number    INTEGER NOT NULL
    , next_seq INTEGER NOT NULL DEFAULT 1, incarnation INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO infra_queue VALUES(1,3,51,9,7);
CREATE TABLE infra_queues (
        id        INTEGER PRIMARY KEY,
        name      TEXT NOT NULL UNIQUE,
        waiting   INTEGER NOT NULL DEFAULT 0,
        delayed   INTEGER NOT NULL DEFAULT 0,
        active    INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed    INTEGER NOT NULL DEFAULT 0
    , paused INTEGER NOT NULL DEFAULT 0, concurrency INTEGER NOT NULL DEFAULT 0, rate_max INTEGER NOT NULL DEFAULT 0, rate_duration INTEGER NOT NULL DEFAULT 1000, max_length INTEGER NOT NULL DEFAULT 0, rate_from INTEGER, rate_started INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO infra_queues VALUES(1,'mail',2,1,1,2,1,0,0,0,1000,0,NULL,0);
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
CREATE TABLE infra_waiting (
        queue    INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        place    INTEGER NOT NULL,
        seq      INTEGER NOT NULL,
        PRIMARY KEY (queue, priority, place)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_waiting VALUES(1,0,1,1);
INSERT INTO infra_waiting VALUES(1,0,2,2);
CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue) WHERE id IS NOT NULL;
CREATE INDEX infra_deduplications_until ON infra_deduplications (until) WHERE until IS NOT NULL;
UPDATE infra_jobs SET deduplication = 'once' WHERE seq = 4;
INSERT INTO infra_deduplications VALUES(1,'once',4,'active',NULL,NULL);
