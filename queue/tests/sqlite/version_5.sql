-- What version 5 made of a file of version 4, and two jobs of a group that were added then.
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
UPDATE infra_queue SET schema_version = 5, next_seq = 19, next_number = 27, has_groups = 1;
UPDATE infra_queues SET waiting = waiting + 2, waiting_children = 1 WHERE id = 1;
INSERT INTO infra_jobs (seq, queue, id, state, priority, place, kind, created_at, data, grp) VALUES
    (16, 1, 'first', 0, 0, 24, 1, 1767225600000, '{"n":1}', 'tenant'),
    (17, 1, 'second', 0, 0, 25, 1, 1767225601000, '{"n":1}', 'tenant');
INSERT INTO infra_grouped VALUES (1, 'tenant', 0, 24, 16), (1, 'tenant', 0, 25, 17);
INSERT INTO infra_groups VALUES (1, 'tenant', 2, 0, 26, 0, 16, NULL, 0, NULL);
INSERT INTO infra_waiting VALUES (1, 0, 26, X'1a000000000000001000000000000000');
INSERT INTO infra_jobs (seq, queue, id, state, priority, place, kind, created_at, data) VALUES
    (18, 1, 'album', 5, 0, 0, 1, 1767225600000, '{"n":1}');
UPDATE infra_jobs SET parent = 18 WHERE seq = 16;
INSERT INTO infra_families (seq, queue, waits, pending, completed, bytes) VALUES (18, 1, 1, 1, 1, 3);
INSERT INTO infra_children (parent, seq, queue, id, on_failure, state, result) VALUES
    (18, 2, 'mail', 'photo', 0, 1, '"a"'),
    (18, 16, 'mail', 'first', 0, 0, NULL);
