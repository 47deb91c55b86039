-- What versions 6 and 7 made of a file of version 5, and a schedule that came from Node.
ALTER TABLE infra_jobs ADD COLUMN waiting_since INTEGER;
CREATE INDEX infra_jobs_waiting_since ON infra_jobs (queue, waiting_since) WHERE waiting_since IS NOT NULL;
CREATE INDEX infra_delayed_queue ON infra_delayed (queue, due_at);
ALTER TABLE infra_workers ADD COLUMN worker TEXT;
ALTER TABLE infra_workers ADD COLUMN queues TEXT;
ALTER TABLE infra_workers ADD COLUMN since INTEGER;
ALTER TABLE infra_families ADD COLUMN fails INTEGER NOT NULL DEFAULT 0;
CREATE INDEX infra_families_failing ON infra_families (seq) WHERE fails = 1;
ALTER TABLE infra_jobs ADD COLUMN handed_on TEXT;
ALTER TABLE infra_schedules ADD COLUMN handed_on TEXT;
ALTER TABLE infra_queues ADD COLUMN moving_to TEXT;
INSERT INTO infra_schedules SELECT queue, 'theirs', recurrence, name, data, options, priority, 4, NULL, 1767222000000, defined_at, '{"counted":true}'
    FROM infra_schedules WHERE id = 'nightly';
UPDATE infra_queue SET schema_version = 7;
