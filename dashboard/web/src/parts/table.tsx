// A table that becomes a list of cards on phones. Rows can be chosen, also from one to another with Shift, and gone through with j, k, x, Enter.

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

import { ranged, step, toggled } from '../lib/choice';
import { go } from '../lib/route';
import { Empty } from './basics';

export interface Column<Row> {
    title: string;
    cell: (row: Row) => ComponentChildren;
    numeric?: boolean;
    wide?: boolean; // takes what is left
    narrow?: 'hide' | 'half'; // not on phones; two to a line there, as numbers are
    acts?: boolean; // buttons
    sort?: string; // the word the address has for it
}

export interface TableProps<Row> {
    label: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string;
    open?: (row: Row) => string; // the address behind a row, or "" for none
    onOpen?: (row: Row) => void; // instead of an address: a drawer
    selected?: ReadonlySet<string>;
    select?: (keys: ReadonlySet<string>) => void;
    chosen?: ComponentChildren; // what can be done with those selected
    sorted?: { by: string; down: boolean };
    sort?: (by: string, down: boolean) => void;
    empty?: ComponentChildren;
}

const classes = (...some: (string | false | undefined)[]) => some.filter(Boolean).join(' ');

function Head<Row>(props: TableProps<Row> & { keys: readonly string[] }) {
    const all = props.selected !== undefined && props.keys.every((k) => props.selected!.has(k));
    return (
        <thead role="rowgroup">
            <tr role="row">
                {props.select && (
                    <th role="columnheader" scope="col" class="pick">
                        <input
                            type="checkbox"
                            aria-label={`Select all ${props.keys.length} of ${props.label}`}
                            checked={all}
                            onChange={() => props.select!(new Set(all ? [] : props.keys))}
                        />
                    </th>
                )}
                {props.columns.map((c) => {
                    const down = c.sort && props.sorted?.by === c.sort ? props.sorted.down : undefined;
                    return (
                        <th
                            role="columnheader"
                            scope="col"
                            class={classes(c.numeric && 'numeric') || undefined}
                            aria-sort={down === undefined ? undefined : down ? 'descending' : 'ascending'}
                        >
                            {c.sort && props.sort ? (
                                <button onClick={() => props.sort!(c.sort!, down === undefined ? c.numeric === true : !down)}>
                                    {c.title}
                                    {down !== undefined && <span aria-hidden="true">{down ? '↓' : '↑'}</span>}
                                </button>
                            ) : (
                                c.title || <span class="unseen">Actions</span>
                            )}
                        </th>
                    );
                })}
            </tr>
        </thead>
    );
}

function first<Row>(props: TableProps<Row>, column: Column<Row>, row: Row) {
    const href = props.open?.(row);
    if (href) return <a href={href}>{column.cell(row)}</a>;
    return column.cell(row);
}

export function Table<Row>(props: TableProps<Row>) {
    const body = useRef<HTMLTableSectionElement>(null);
    const anchor = useRef<string | undefined>(undefined);
    if (props.rows.length === 0) return <Empty>{props.empty ?? 'Nothing here.'}</Empty>;
    const keys = props.rows.map(props.keyOf);

    const pick = (key: string, through: boolean) => {
        if (!props.select || !props.selected) return;
        props.select(through && anchor.current !== undefined ? ranged(keys, anchor.current, key, props.selected) : toggled(props.selected, key));
        anchor.current = key;
    };
    const open = (row: Row) => {
        const href = props.open?.(row);
        if (href) go(href);
        else props.onOpen?.(row);
    };
    const pressed = (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches('input:not([type=checkbox]), select, textarea')) return;
        const rows = [...body.current!.rows];
        const at = rows.findIndex((r) => r.contains(document.activeElement));
        const to = step(event.key, at, rows.length);
        if (to !== undefined) rows[to]?.focus();
        else if (event.key.toLowerCase() === 'x' && at >= 0) pick(keys[at]!, event.shiftKey);
        else if (event.key === 'Enter' && at >= 0 && document.activeElement === rows[at]) open(props.rows[at]!);
        else return;
        event.preventDefault();
        event.stopPropagation();
    };
    return (
        <div class="table" role="group" aria-label={props.label} tabIndex={0} onKeyDown={pressed}>
            {props.selected !== undefined && props.selected.size > 0 && (
                <div class="chosen" role="status">
                    <span class="grow">{props.selected.size} selected</span>
                    {props.chosen}
                    <button class="quiet" onClick={() => props.select?.(new Set())}>
                        Clear
                    </button>
                </div>
            )}
            <table role="table" aria-label={props.label}>
                <Head {...props} keys={keys} />
                <tbody role="rowgroup" ref={body}>
                    {props.rows.map((row, n) => {
                        const key = keys[n]!;
                        const chosen = props.selected?.has(key);
                        return (
                            <tr
                                role="row"
                                key={key}
                                tabIndex={-1}
                                class={chosen ? 'chosen-row' : undefined}
                                onClick={(event) => {
                                    if (props.onOpen && !(event.target as Element).closest('a, button, input')) props.onOpen(row);
                                }}
                            >
                                {props.select && (
                                    <td role="cell" class="pick">
                                        <input
                                            type="checkbox"
                                            aria-label={`Select ${key}`}
                                            checked={chosen ?? false}
                                            onClick={(event) => {
                                                event.preventDefault();
                                                const through = event.shiftKey;
                                                setTimeout(() => pick(key, through)); // after the browser has put the tick back
                                            }}
                                        />
                                    </td>
                                )}
                                {props.columns.map((c, i) => (
                                    <td
                                        role="cell"
                                        class={classes(c.numeric && 'numeric', c.wide && 'fill', c.acts && 'acts', i === 0 && 'first', c.narrow) || undefined}
                                        data-title={c.title}
                                    >
                                        {i === 0 ? first(props, c, row) : c.cell(row)}
                                    </td>
                                ))}
                            </tr>
                        );
                    })}
                </tbody>
            </table>
        </div>
    );
}
