// What a line of the log is, and what people type to find some.

import type { Query } from '../../lib/api';
import { filtered, term } from '../../lib/filter';
import type { Tone } from '../../parts/basics';

export type Level = 'debug' | 'info' | 'warn' | 'error';
export const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];
export const tones: Record<Level, Tone> = { debug: 'idle', info: 'idle', warn: 'warn', error: 'bad' };

export interface Line {
    id: number;
    at: number;
    level: Level;
    module: string;
    message: string;
    trace?: string;
    span?: string;
    fields: Readonly<Record<string, unknown>>;
    sequence?: number;
    source?: string;
    left_out?: number;
    cut?: boolean;
}

// `module:db order:17 timed out`: what is known by a name of its own, fields, and words to look for.
export function asked(typed: string): Query {
    const names = [...typed.matchAll(/(?:^|\s)([\w.-]+):/g)].map((m) => m[1]!);
    const { text, terms } = filtered(typed, names);
    const { module, trace, ...fields } = terms;
    return { text, module, trace, field: Object.entries(fields).map(([name, value]) => `${name}:${value}`) };
}

// Where lines like this are: for links.
export function linesWith(terms: Record<string, string>, level?: Level): string {
    const q = Object.entries(terms)
        .map(([name, value]) => (name === 'text' ? value : term(name, value)))
        .join(' ');
    return '#/logs?' + new URLSearchParams({ ...(level ? { level } : {}), q }).toString();
}

// What stands behind the message, in one line.
export function fieldsOf(line: Line): string {
    let text = '';
    for (const [name, value] of Object.entries(line.fields)) {
        text += ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
        if (text.length > 300) return text.slice(0, 300) + ' …';
    }
    return text;
}
