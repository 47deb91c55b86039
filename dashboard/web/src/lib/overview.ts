// What the overview is told, and how its numbers are written.

import * as words from './words';

export type Severity = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface Figure {
    name: string;
    label: string;
    value: number | null;
    unit: string; // "", "s", "ratio", "per_minute"
    limit?: number | null;
    link?: string;
    spark?: readonly (number | null)[];
}

export interface Concern {
    severity: Severity;
    text: string;
    link?: string;
    count: number;
    since?: number | null;
    action?: { label: string; method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'; path: string; body?: unknown } | null;
}

export interface News {
    id: number;
    at: number;
    kind: string;
    severity: Severity;
    text: string;
    link?: string;
    trace?: string;
}

export interface SlowTrace {
    trace: string;
    name: string;
    ms: number;
    at: number;
    failed: boolean;
}

export interface Cause {
    check: string;
    text: string;
    link?: string;
}

export interface Overview {
    status: 'healthy' | 'degraded' | 'unhealthy';
    causes: readonly Cause[];
    since: number | null;
    figures: readonly Figure[];
    concerns: readonly Concern[];
    feed: readonly News[]; // when it is asked for; what comes then is told by the topic "feed"
    slowest?: readonly SlowTrace[];
}

// A number and its unit apart: the unit is written smaller.
export function written(value: number | null, unit: string): readonly [string, string] {
    if (value === null) return ['–', ''];
    switch (unit) {
        case 's': {
            if (value === 0) return ['0', 's'];
            const [number = '', ...rest] = words.span(value * 1000).split(' ');
            return rest.length > 1 ? [`${number} ${rest.join(' ')}`, ''] : [number, rest.join(' ')];
        }
        case 'ratio':
            return [words.percent(value).replace(' %', ''), '%'];
        case 'per_minute':
            return [value < 10 ? value.toFixed(1).replace(/\.0$/, '') : words.count(value), '/ min'];
        default:
            return [words.count(value), unit];
    }
}

export function over(figure: Figure): boolean {
    return figure.value !== null && figure.limit != null && figure.value > figure.limit;
}

// Newest first, none twice, and no more than there is use for.
export function joined(had: readonly News[], more: readonly News[], most = 200): readonly News[] {
    const all = new Map([...had, ...more].map((n) => [n.id, n]));
    return [...all.values()].sort((a, b) => b.id - a.id).slice(0, most);
}
