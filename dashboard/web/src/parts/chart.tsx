// A chart of series over time, and the same as a table for whoever cannot see it. What draws it comes when the first is shown.

import { lazy, Suspense } from 'preact/compat';
import { useState } from 'preact/hooks';

import * as words from '../lib/words';
import { Table } from './table';

export interface Series {
    label: string;
    values: readonly (number | null)[]; // one for each time; null: not known
    open?: (at: number) => string | undefined; // the address behind a point: an exemplar's trace
}

export interface ChartProps {
    label: string;
    times: readonly number[]; // ms since 1970, rising
    series: readonly Series[];
    say?: (value: number | null) => string; // how a value is written
    height?: number;
}

// From when on there are figures, where that is not from the beginning.
function since(times: readonly number[], series: readonly Series[]): string {
    const first = times.findIndex((_, i) => series.some((s) => s.values[i] != null));
    return first < 0 ? 'no figures yet' : first > 1 ? `since ${words.clock(times[first])}` : '';
}

const Plot = lazy(() => import('./plot'));

export function Chart(props: ChartProps) {
    const [table, setTable] = useState(false);
    const say = props.say ?? words.count;
    return (
        <figure class="chart" aria-label={props.label}>
            <figcaption>
                <span>{props.label}</span>
                <span class="since muted small">{since(props.times, props.series)}</span>
                <button class="quiet" aria-pressed={table} onClick={() => setTable(!table)}>
                    Table
                </button>
            </figcaption>
            {table ? (
                <Table
                    label={`${props.label}, as a table`}
                    rows={props.times.map((at, i) => ({ at, i })).reverse()}
                    keyOf={(row) => String(row.at)}
                    columns={[
                        { title: 'Time', cell: (row) => words.clock(row.at) },
                        ...props.series.map((s) => ({ title: s.label, numeric: true, cell: (row: { i: number }) => say(s.values[row.i] ?? null) })),
                    ]}
                    empty="No points in this time."
                />
            ) : (
                <Suspense fallback={<div class="plot" />}>
                    <Plot {...props} say={say} />
                </Suspense>
            )}
        </figure>
    );
}
