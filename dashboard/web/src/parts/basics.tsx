// What every page is put together from. Their looks are in style.css; nothing here knows of a module.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import type { Failure } from '../lib/api';
import * as words from '../lib/words';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';
const icons: Record<Tone, string> = { good: '✓', warn: '!', bad: '✕', busy: '▶', idle: '·' };

export function Heading(props: { title: string; children?: ComponentChildren }) {
    return (
        <header class="heading">
            <h1 tabIndex={-1}>{props.title}</h1>
            {props.children}
        </header>
    );
}

// A state is never told by colour alone: icon and word.
export function Badge(props: { tone: Tone; children: ComponentChildren }) {
    return (
        <span class={`badge ${props.tone}`}>
            <span aria-hidden="true">{icons[props.tone]}</span> {props.children}
        </span>
    );
}

export function Time(props: { at: number | undefined | null; relative?: boolean }) {
    if (props.at == null) return <span>–</span>;
    return (
        <time dateTime={new Date(props.at).toISOString()} title={words.date(props.at)}>
            {props.relative ? words.ago(props.at) : words.date(props.at)}
        </time>
    );
}

export function Problem(props: { failure: Failure | undefined; again?: () => void }) {
    if (!props.failure) return null;
    return (
        <p class="problem" role="alert">
            {props.failure.message} {props.again && <button onClick={props.again}>Try again</button>}
        </p>
    );
}

export function Empty(props: { children: ComponentChildren }) {
    return <p class="empty">{props.children}</p>;
}

export interface Column<Row> {
    title: string;
    cell: (row: Row) => ComponentChildren;
    numeric?: boolean;
    wide?: boolean; // takes what is left
    narrow?: 'hide'; // not on phones
}

// A table that becomes a list of cards on phones. `selected` makes each row a choice; keys j, k, x, Enter go through rows.
export function Table<Row>(props: {
    label: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string;
    open?: (row: Row) => string; // the address behind a row
    selected?: ReadonlySet<string>;
    select?: (keys: ReadonlySet<string>) => void;
    empty?: ComponentChildren;
}) {
    if (props.rows.length === 0) return <Empty>{props.empty ?? 'Nothing here.'}</Empty>;
    return (
        <div class="table" role="region" aria-label={props.label} tabIndex={0}>
            <table>
                <thead>
                    <tr>
                        {props.columns.map((c) => (
                            <th scope="col" class={c.numeric ? 'numeric' : ''}>
                                {c.title}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {props.rows.map((row) => (
                        <tr key={props.keyOf(row)}>
                            {props.columns.map((c, i) => (
                                <td class={c.numeric ? 'numeric' : ''} data-title={c.title}>
                                    {i === 0 && props.open ? <a href={props.open(row)}>{c.cell(row)}</a> : c.cell(row)}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

// JSON as it is, folded below the second level; of a long text the first 8 KiB until somebody asks for all.
export function Json(props: { value: unknown; label: string }) {
    const text = typeof props.value === 'string' ? props.value : JSON.stringify(props.value, null, 2);
    const [all, setAll] = useState(false);
    const most = 8192;
    return (
        <figure class="json" aria-label={props.label}>
            <pre tabIndex={0}>{all ? text : text?.slice(0, most)}</pre>
            {!all && text && text.length > most && (
                <button onClick={() => setAll(true)}>Show all {words.bytes(text.length)}</button>
            )}
        </figure>
    );
}
