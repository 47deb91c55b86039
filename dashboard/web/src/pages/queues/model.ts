// What the API says of queues, and words for it.

import type { Paged } from '../../lib/list';
import { to } from '../../lib/route';
import type { Tone } from '../../parts/basics';

export type State = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed' | 'waiting_children';

export interface Minute {
    minute: number;
    completed: number;
    failed: number;
}

export interface Queue extends Record<State, number> {
    name: string;
    groups: number;
    paused: boolean;
    oldest: number | null;
    oldest_limit_ms: number;
    too_old: boolean;
    workers: number;
    unattended: boolean;
    per_minute: number;
    minutes: readonly Minute[];
}

export interface Rate {
    max: number;
    duration_ms: number;
}

export interface Settings {
    paused: boolean;
    concurrency: number;
    rate: Rate | null;
    max_length: number;
    group_concurrency: number;
    group_rate: Rate | null;
}

export type QueuePage = Queue & { settings: Settings };

export interface Queues extends Paged<Queue> {
    storage?: string;
    left_out: number;
}

export interface Summary {
    queue: string;
    id: string;
    name: string;
    state: State;
    preview: string;
    failed_reason: string;
    attempts_made: number;
    attempts: number;
    created_at: number;
    run_at: number | null;
    started_at: number | null;
    finished_at: number | null;
    group: string;
    worker: string;
    trace: string;
}

export interface Jobs extends Paged<Summary> {
    looked_at: number;
}

export interface Payload {
    text: string;
    bytes: number;
    cut: boolean;
}

export interface JobKey {
    queue: string;
    id: string;
}

export interface Job extends Omit<Summary, 'preview'> {
    data: Payload;
    result: Payload;
    progress: Payload;
    errors: readonly { attempt: number; at: number; reason: string }[];
    stalls: number;
    priority: number;
    timeout_ms: number | null;
    deduplication_id: string;
    expires_at: number | null;
    cancel_requested: boolean;
    parent: JobKey | null;
    children: { pending: number; completed: number; failed: number };
    schedule: { name: string; at: number } | null;
}

export interface Child extends JobKey {
    state: 'pending' | 'completed' | 'failed';
    result: string;
    failed_reason: string;
    on_failure: string;
}

export interface Group {
    id: string;
    name: string;
    signature: string;
    count: number;
    first: number;
    last: number;
    newest: string;
    reason: string;
}

export interface Groups extends Paged<Group> {
    failed: number;
    complete: boolean;
}

export interface Schedule {
    queue: string;
    name: string;
    pattern: string;
    every_ms: number;
    tz: string;
    runs: number;
    next: number | null;
    last: number | null;
    next_runs: readonly { at: number; there: string }[];
    last_run: { id: string; state: State; failed_reason: string; finished_at: number | null } | null;
    defined_here: boolean;
    stored: boolean;
    orphaned: boolean;
    overdue_ms: number;
    paused: boolean;
    paused_since: number | null;
    queue_paused: boolean;
}

export interface Worker {
    name: string;
    queues: readonly string[];
    since: number;
    jobs: readonly Summary[];
}

export interface Changed {
    changed: number;
    next: string | null;
}

export const states: readonly { key: State; title: string; tone: Tone }[] = [
    { key: 'waiting', title: 'Waiting', tone: 'idle' },
    { key: 'active', title: 'Active', tone: 'busy' },
    { key: 'delayed', title: 'Delayed', tone: 'idle' },
    { key: 'failed', title: 'Failed', tone: 'bad' },
    { key: 'completed', title: 'Completed', tone: 'good' },
    { key: 'waiting_children', title: 'Waits for children', tone: 'idle' },
];
const known = new Map<string, { title: string; tone: Tone }>(states.map((s) => [s.key, s]));

export const titleOf = (state: string): string => known.get(state)?.title ?? state;
export const toneOf = (state: string): Tone => known.get(state)?.tone ?? 'idle';

// What can be done to a job in a state.
export const mayBe = {
    retry: (s: string) => s === 'failed' || s === 'completed',
    promote: (s: string) => s === 'delayed',
    cancel: (s: string) => s === 'waiting' || s === 'delayed' || s === 'active' || s === 'waiting_children',
    remove: (s: string) => s !== 'active',
};

export const queueAt = (queue: string, query: Record<string, string | undefined> = {}): string => to(['queues', queue], query);
export const jobAt = (job: JobKey): string => to(['queues', job.queue, job.id]);

// Words of a command line, as a shell reads them.
export function cli(...words: readonly string[]): string {
    return words.map((w) => (/^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`)).join(' ');
}
