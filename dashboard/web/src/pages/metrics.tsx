// What the service counts and measures: the important first, and any series there is.

import { useLoad } from '../lib/load';
import { place, refine, to } from '../lib/route';
import * as words from '../lib/words';
import { Heading, Notice, Panel, Problem, Skeleton } from '../parts/basics';
import { Filter } from '../parts/filter';
import { Table } from '../parts/table';
import { Drawing, useDrawn } from './metrics/drawing';
import { board, keyOf, titleOf, type Metric, type Metrics, type Wanted } from './metrics/model';
import { OneMetric } from './metrics/one';
import { isPinned, pinned, turn } from './metrics/pinned';

const addressOf = (w: Wanted) => to(['metrics', w.name], { show: w.show, by: w.by, where: w.where?.length ? JSON.stringify(w.where) : undefined });

function Card(props: { of: Wanted }) {
    const drawn = useDrawn(props.of);
    return (
        <section class="panel" aria-label={titleOf({ name: props.of.name, show: props.of.show ?? 'value', by: props.of.by ?? '' })}>
            <div class="body stack card">
                <Drawing of={props.of} drawn={drawn} height={160} />
                <div class="row">
                    <a href={addressOf(props.of)}>Look closer</a>
                    {isPinned(props.of) && (
                        <button class="quiet" aria-label={`Unpin ${props.of.name}`} onClick={() => turn(props.of)}>
                            Unpin
                        </button>
                    )}
                </div>
            </div>
        </section>
    );
}

function Board(props: { there: ReadonlySet<string> }) {
    const own = pinned.value;
    const shown = [...own, ...board.filter((w) => props.there.has(w.name) && !own.some((p) => keyOf(p) === keyOf(w)))];
    if (shown.length === 0) return null;
    return (
        <div class="columns" role="group" aria-label="Charts">
            {shown.map((w) => (
                <Card key={keyOf(w)} of={w} />
            ))}
        </div>
    );
}

function All(props: { of: Metrics; q: string }) {
    const wanted = props.q.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = props.of.items.filter((m) => wanted.every((w) => m.name.includes(w) || m.help.toLowerCase().includes(w) || Object.keys(m.labels).includes(w)));
    return (
        <Panel flush title={wanted.length ? `${rows.length} of ${props.of.items.length} metrics` : `All ${props.of.items.length} metrics`}>
            <Table
                label="Metrics"
                rows={rows.slice(0, 300)}
                keyOf={(m: Metric) => m.name}
                open={(m) => to(['metrics', m.name])}
                columns={[
                    { title: 'Name', cell: (m) => <span class="mono">{m.name}</span> },
                    { title: 'Means', wide: true, cell: (m) => m.help },
                    { title: 'Type', cell: (m) => m.type },
                    { title: 'Series', numeric: true, cell: (m) => words.count(m.series) },
                    { title: 'Labels', narrow: 'hide', cell: (m) => <span class="muted small">{Object.keys(m.labels).join(', ') || '–'}</span> },
                ]}
                empty={props.of.items.length ? 'No metric has all these words in its name, its meaning or its labels.' : 'Metrics are looked at for the first time some seconds after the start.'}
            />
        </Panel>
    );
}

export default function MetricsPage() {
    const loaded = useLoad<Metrics>('metrics');
    const name = place.value.path[1];
    const q = place.value.query.get('q') ?? '';
    const all = loaded.value;
    if (name !== undefined) return <OneMetric key={name} name={name} metric={all?.items.find((m) => m.name === name)} />;
    const there = new Set(all?.items.map((m) => m.name));
    return (
        <>
            <Heading title="Metrics" />
            <div class="stack">
                <div class="apart">
                    <Filter label="Search metrics" value={q} placeholder="Part of a name, a meaning or a label" change={(typed) => refine({ q: typed })} />
                    {all && (
                        <span class="muted small">
                            {words.count(all.kept.series)} series for {words.span(all.kept.since === null ? null : Date.now() - all.kept.since)}, in {words.bytes(all.kept.bytes)}
                        </span>
                    )}
                </div>
                <Problem failure={loaded.failure} again={loaded.again} />
                {all && all.kept.dropped > 0 && (
                    <Notice tone="warn">{words.count(all.kept.dropped)} series that were quiet for longest had no room: more is kept with dashboard_options::kept.metric_bytes.</Notice>
                )}
                {!all && !loaded.failure && <Skeleton rows={12} />}
                {all && q === '' && <Board there={there} />}
                {all && <All of={all} q={q} />}
            </div>
        </>
    );
}
