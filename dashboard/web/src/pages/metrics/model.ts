// What metrics are, and how their numbers are written.

import * as words from '../../lib/words';

export type Kind = 'counter' | 'gauge' | 'histogram';
export type Shown = 'value' | 'rate' | 'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'quantiles';

export interface Metric {
    name: string;
    type: Kind;
    help: string;
    unit: '' | 's' | 'bytes' | 'ratio';
    series: number;
    labels: Readonly<Record<string, readonly string[]>>;
    last: number;
}

export interface Metrics {
    items: readonly Metric[];
    kept: { series: number; bytes: number; max_bytes: number; dropped: number; since: number | null };
}

export interface Drawn {
    name: string;
    type: Kind;
    unit: Metric['unit'];
    show: Shown;
    step: number; // seconds
    times: readonly number[];
    lines: readonly { labels: Readonly<Record<string, string>>; values: readonly (number | null)[] }[];
    more: number;
    exemplars: readonly { at: number; value: number; trace: string; labels: Readonly<Record<string, string>> }[];
}

export const shownOf: Record<Kind, readonly Shown[]> = {
    counter: ['rate'],
    gauge: ['value'],
    histogram: ['quantiles', 'p50', 'p90', 'p95', 'p99', 'mean', 'rate'],
};

const spoken: Record<Shown, string> = { value: '', rate: 'a second', mean: 'on average', p50: 'median', p90: '90th percentile', p95: '95th percentile', p99: '99th percentile', quantiles: 'quantiles' };
export const titleOf = (of: { name: string; show: Shown; by?: string }): string => [of.name, spoken[of.show], of.by && of.by !== '*' ? `by ${of.by}` : ''].filter(Boolean).join(' ');

function plain(n: number): string {
    const size = Math.abs(n);
    if (size >= 1e4) return words.count(n);
    if (size === 0 || size >= 100) return String(Math.round(n));
    return String(Number(n.toPrecision(3)));
}

export function sayer(unit: Metric['unit'], show: Shown): (n: number | null) => string {
    const one = (n: number) => {
        if (unit === 's') return words.span(n * 1000);
        if (unit === 'bytes') return words.bytes(n);
        if (unit === 'ratio') return words.percent(n);
        return plain(n);
    };
    return (n) => (n === null ? '–' : one(n) + (show === 'rate' && unit !== 's' ? '/s' : ''));
}

const quantiles: Record<string, string> = { '0.5': 'median', '0.95': '95 %', '0.99': '99 %' };
export function lineOf(labels: Readonly<Record<string, string>>): string {
    const { quantile, ...rest } = labels;
    const names = Object.entries(rest);
    const text = names.length === 1 ? names[0]![1] || '(none)' : names.map(([name, value]) => `${name}=${value}`).join(' ');
    return [text, quantile && (quantiles[quantile] ?? quantile)].filter(Boolean).join(' ') || 'all';
}

// As Prometheus is asked for the same.
export function promql(name: string, show: Shown, by: string, where: readonly string[]): string {
    const labels = where.map((w) => `${w.slice(0, w.indexOf(':'))}="${w.slice(w.indexOf(':') + 1).replace(/["\\]/g, '\\$&')}"`).join(',');
    const of = (suffix = '') => name + suffix + (labels ? `{${labels}}` : '');
    const group = by && by !== '*' ? ` by (${by})` : '';
    const sum = (inner: string) => (by === '*' ? inner : `sum${group}(${inner})`);
    const share = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, quantiles: 0.95 }[show as string];
    if (share) return `histogram_quantile(${share}, sum by (le${group ? ', ' + by : ''})(rate(${of('_bucket')}[1m])))`;
    if (show === 'mean') return `${sum(`rate(${of('_sum')}[1m])`)} / ${sum(`rate(${of('_count')}[1m])`)}`;
    return show === 'value' ? sum(of()) : sum(`rate(${of()}[1m])`);
}

export interface Wanted {
    name: string;
    show?: Shown;
    by?: string;
    where?: readonly string[]; // label:value
}

// What most people want to see of a service first, of what there is.
export const board: readonly Wanted[] = [
    { name: 'http_server_requests_total', by: 'status' },
    { name: 'http_server_request_duration_seconds', show: 'quantiles' },
    { name: 'http_server_requests_total', by: 'route' },
    { name: 'queue_waiting_jobs', by: 'queue' },
    { name: 'queue_jobs_completed_total', by: 'queue' },
    { name: 'queue_jobs_failed_total', by: 'queue' },
    { name: 'queue_job_duration_seconds', show: 'p95', by: 'queue' },
    { name: 'cache_requests_total', by: 'result' },
    { name: 'emails_sent_total', by: 'transport' },
    { name: 'realtime_connections', by: 'hub' },
    { name: 'log_lines_total', by: 'level' },
    { name: 'event_loop_lag_seconds', show: 'p99' },
    { name: 'process_cpu_seconds_total' },
    { name: 'process_resident_memory_bytes' },
];

export const keyOf = (w: Wanted): string => JSON.stringify([w.name, w.show ?? '', w.by ?? '', w.where ?? []]);
