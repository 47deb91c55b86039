-- A file as version 4 left it: jobs in each state and way to stand, a schedule, settings; of the active ones one was added with a
-- deduplication and holds back another like it, and somebody wants one to end.
PRAGMA journal_mode = WAL;
CREATE TABLE infra_queue (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        schema_version INTEGER NOT NULL,
        next_number    INTEGER NOT NULL
    , next_seq INTEGER NOT NULL DEFAULT 1, incarnation INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO infra_queue VALUES(1,4,24,16,176944850);
CREATE TABLE infra_queues (
        id        INTEGER PRIMARY KEY,
        name      TEXT NOT NULL UNIQUE,
        waiting   INTEGER NOT NULL DEFAULT 0,
        delayed   INTEGER NOT NULL DEFAULT 0,
        active    INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed    INTEGER NOT NULL DEFAULT 0
    , paused INTEGER NOT NULL DEFAULT 0, concurrency INTEGER NOT NULL DEFAULT 0, rate_max INTEGER NOT NULL DEFAULT 0, rate_duration INTEGER NOT NULL DEFAULT 1000, max_length INTEGER NOT NULL DEFAULT 0, rate_from INTEGER, rate_started INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO infra_queues VALUES(1,'mail',6,2,3,2,1,0,50,100,60000,1000,NULL,0);
INSERT INTO infra_queues VALUES(2,'images',1,0,0,0,0,1,0,0,1000,0,NULL,0);
CREATE TABLE infra_kinds (
        id      INTEGER PRIMARY KEY,
        name    TEXT NOT NULL,
        options TEXT NOT NULL,
        UNIQUE (name, options)
    ) STRICT;
INSERT INTO infra_kinds VALUES(1,'welcome','{"attempts":3,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}');
INSERT INTO infra_kinds VALUES(2,'welcome','{"attempts":3,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"ttl":60000,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}');
INSERT INTO infra_kinds VALUES(3,'welcome','{"attempts":3,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"lifo":true,"keep_completed_count":1000,"keep_failed_count":5000}');
INSERT INTO infra_kinds VALUES(4,'report','{"attempts":1,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}');
INSERT INTO infra_kinds VALUES(5,'resize','{"attempts":1,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}');
CREATE TABLE infra_delayed (
        due_at INTEGER NOT NULL,
        seq    INTEGER NOT NULL,
        queue  INTEGER NOT NULL,
        PRIMARY KEY (due_at, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_delayed VALUES(1767225660000,13,1);
INSERT INTO infra_delayed VALUES(1767229200000,14,1);
CREATE TABLE infra_expiring (
        queue      INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        PRIMARY KEY (queue, expires_at, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_expiring VALUES(1,1767225660000,11);
CREATE TABLE infra_deduplications (
        queue  INTEGER NOT NULL,
        id     TEXT NOT NULL,
        seq    INTEGER NOT NULL,
        job_id TEXT,
        until  INTEGER,
        last   TEXT,
        PRIMARY KEY (queue, id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_deduplications VALUES(1,'once',6,'holder',NULL,'{"id":"last","name":"welcome","data":"{\"n\":1}","options":"{\"attempts\":3,\"backoff\":0,\"backoff_delay\":0,\"backoff_jitter\":0,\"lifo\":false,\"keep_completed_count\":1000,\"keep_failed_count\":5000}","priority":0,"carrier":"","created_at":1767225600000,"deduplication":"once","extend":false,"replace":false,"keep_last_if_active":true}');
INSERT INTO infra_deduplications VALUES(1,'throttled',13,'delayed',1767229200000,NULL);
CREATE TABLE infra_logs (
        seq    INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        text   TEXT NOT NULL,
        PRIMARY KEY (seq, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_logs VALUES(4,1,1767225600000,'half of it');
CREATE TABLE infra_followed (
        queue       INTEGER PRIMARY KEY,
        until       INTEGER NOT NULL,
        last_number INTEGER NOT NULL,
        forgotten   INTEGER NOT NULL
    ) STRICT;
INSERT INTO infra_followed VALUES(1,1806645600000,26,0);
CREATE TABLE infra_events (
        queue  INTEGER NOT NULL,
        number INTEGER NOT NULL,
        what   INTEGER NOT NULL,
        at     INTEGER NOT NULL,
        id     TEXT NOT NULL,
        data   TEXT NOT NULL,
        PRIMARY KEY (queue, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_events VALUES(1,1,0,1767225600000,'done','');
INSERT INTO infra_events VALUES(1,2,0,1767225600000,'empty','');
INSERT INTO infra_events VALUES(1,3,0,1767225600000,'failed','');
INSERT INTO infra_events VALUES(1,4,0,1767225600000,'active','');
INSERT INTO infra_events VALUES(1,5,0,1767225600000,'wanted','');
INSERT INTO infra_events VALUES(1,6,2,1767225600000,'done','');
INSERT INTO infra_events VALUES(1,7,2,1767225600000,'empty','');
INSERT INTO infra_events VALUES(1,8,2,1767225600000,'failed','');
INSERT INTO infra_events VALUES(1,9,6,1767225601000,'failed','no such user');
INSERT INTO infra_events VALUES(1,10,4,1767225602000,'done','"done"');
INSERT INTO infra_events VALUES(1,11,4,1767225603000,'empty','');
INSERT INTO infra_events VALUES(1,12,0,1767225600000,'holder','');
INSERT INTO infra_events VALUES(1,13,2,1767225600000,'active','');
INSERT INTO infra_events VALUES(1,14,2,1767225600000,'wanted','');
INSERT INTO infra_events VALUES(1,15,2,1767225600000,'holder','');
INSERT INTO infra_events VALUES(1,16,3,1767225600000,'active','50');
INSERT INTO infra_events VALUES(1,17,10,1767225600000,'wanted','');
INSERT INTO infra_events VALUES(1,18,1,1767225600000,'holder','');
INSERT INTO infra_events VALUES(1,19,0,1767225600000,'plain','');
INSERT INTO infra_events VALUES(1,20,0,1767225600000,'8','');
INSERT INTO infra_events VALUES(1,21,0,1767225600000,'large','');
INSERT INTO infra_events VALUES(1,22,0,1767225600000,'behind','');
INSERT INTO infra_events VALUES(1,23,0,1767225600000,'late','');
INSERT INTO infra_events VALUES(1,24,0,1767225600000,'lifo','');
INSERT INTO infra_events VALUES(1,25,0,1767225600000,'delayed','');
INSERT INTO infra_events VALUES(1,26,0,1767225600000,'repeat:nightly:1767229200000','');
CREATE TABLE infra_minutes (
        queue     INTEGER NOT NULL,
        minute    INTEGER NOT NULL,
        completed INTEGER NOT NULL,
        failed    INTEGER NOT NULL,
        PRIMARY KEY (queue, minute)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_minutes VALUES(1,1767225600000,2,1);
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
INSERT INTO infra_schedules VALUES(1,'nightly','{"pattern":"","tz":"","every":3600000,"immediately":false,"missed":1,"grace":60000}','report','{}','{"attempts":1,"backoff":0,"backoff_delay":0,"backoff_jitter":0,"lifo":false,"keep_completed_count":1000,"keep_failed_count":5000}',0,0,1767229200000,NULL,1767225600000);
CREATE TABLE infra_waiting (
        queue    INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        last     INTEGER NOT NULL,
        jobs     BLOB NOT NULL,
        PRIMARY KEY (queue, priority, last)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_waiting VALUES(1,0,-22,X'eaffffffffffffff0c00000000000000');
INSERT INTO infra_waiting VALUES(1,0,21,X'11000000000000000700000000000000120000000000000008000000000000001300000000000000090000000000000015000000000000000b00000000000000');
INSERT INTO infra_waiting VALUES(1,5,20,X'14000000000000000a00000000000000');
INSERT INTO infra_waiting VALUES(2,0,23,X'17000000000000000f00000000000000');
CREATE TABLE infra_active (
        block  INTEGER PRIMARY KEY,
        worker TEXT NOT NULL,
        jobs   BLOB NOT NULL
    ) STRICT;
INSERT INTO infra_active VALUES(1,'#6',X'040000000000000001000000000000000e0000000000000010cfda769b01000000a8da769b0100000000000000000000050000000000000001000000000000000f0000000000000010cfda769b01000000a8da769b010000010000000000000006000000000000000100000000000000100000000000000010cfda769b01000000a8da769b0100000200000000000000');
CREATE TABLE infra_ends (
        block INTEGER PRIMARY KEY,
        jobs  BLOB NOT NULL
    ) STRICT;
INSERT INTO infra_ends VALUES(0,X'03000000000000000a00000000000000090000000000000000a8da769b010000e8abda769b010000030000000000000001000000000000000b00000000000000070000000000000000a8da769b010000d0afda769b010000020000000000000002000000000000000c00000000000000080000000000000000a8da769b010000b8b3da769b0100000200000000000000');
CREATE TABLE infra_finished (
        queue INTEGER NOT NULL,
        state INTEGER NOT NULL,
        last  INTEGER NOT NULL,
        jobs  BLOB NOT NULL,
        PRIMARY KEY (queue, state, last)
    ) STRICT, WITHOUT ROWID;
INSERT INTO infra_finished VALUES(1,3,12,X'01000000000000000200000000000000');
INSERT INTO infra_finished VALUES(1,4,10,X'0300000000000000');
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
INSERT INTO infra_jobs VALUES(1,1,'done',0,0,1,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,'"done"',NULL,NULL);
INSERT INTO infra_jobs VALUES(2,1,'empty',0,0,2,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(3,1,'failed',0,0,3,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,'no such user',NULL,'[[1,1767225601000,"no such user"]]',NULL);
INSERT INTO infra_jobs VALUES(4,1,'active',0,0,4,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'50');
INSERT INTO infra_jobs VALUES(5,1,'wanted',0,0,5,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(6,1,'holder',0,0,13,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,'once',NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(7,1,'plain',0,0,17,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(8,1,NULL,0,0,18,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(9,1,'large',0,0,19,1,1767225600000,NULL,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(10,1,'behind',0,5,20,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(11,1,'late',0,0,21,2,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,1767225660000,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(12,1,'lifo',0,0,-22,3,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(13,1,'delayed',1,7,1767225660000,1,1767225600000,'{"n":1}',NULL,NULL,NULL,0,0,0,NULL,NULL,'throttled',NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(14,1,'repeat:nightly:1767229200000',1,0,1767229200000,4,1767225600000,'{}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO infra_jobs VALUES(15,2,'other',0,0,23,5,1767225600000,'{}',NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE infra_payloads (
        seq  INTEGER PRIMARY KEY,
        data TEXT NOT NULL
    ) STRICT;
INSERT INTO infra_payloads VALUES(9,'"' || printf('%.*c', 1500, 'x') || '"');
CREATE TABLE infra_workers (
        number INTEGER PRIMARY KEY,
        device INTEGER NOT NULL,
        inode  INTEGER NOT NULL
    ) STRICT;
INSERT INTO infra_workers VALUES(6,1,1);
CREATE INDEX infra_deduplications_until ON infra_deduplications (until) WHERE until IS NOT NULL;
CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue) WHERE id IS NOT NULL;
