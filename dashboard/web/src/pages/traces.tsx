// What the service was asked to do, and how long that took.

import { useState } from 'preact/hooks';

import { useList, type Paged } from '../lib/list';
import { useLive } from '../lib/live';
import { useLoad } from '../lib/load';
import { place, refine, to } from '../lib/route';
import * as words from '../lib/words';
import { Badge, Heading, More, Problem, Skeleton, Time } from '../parts/basics';
import { Segmented } from '../parts/choose';
import { Filter } from '../parts/filter';
import { Meter } from '../parts/spark';
import { Table } from '../parts/table';
import type { Summary } from './traces/model';
import { OneTrace } from './traces/one';

interface Page extends Paged<Summary> {
    kept: { traces: number; spans: number; bytes: number; max_bytes: number; since: number | null };
}

const kinds = ['all', 'errors', 'slow'] as const;
type Kind = (typeof kinds)[number];
const slowMs = 500;

// By which root: of the names there are, with how many.
function Names(props: { value: string }) {
    const loaded = useLoad<{ items: readonly { name: string; count: number; failed: number }[] }>('traces/names');
    return (
        <select aria-label="Of which name" class="names" value={props.value} onChange={(e) => refine({ route: e.currentTarget.value || undefined })}>
            <option value="">every name</option>
            {loaded.value?.items.map((n) => (
                <option value={n.name}>{`${n.name} (${n.count}${n.failed ? `, ${n.failed} failed` : ''})`}</option>
            ))}
        </select>
    );
}

function List() {
    const query = place.value.query;
    const kind = kinds.find((k) => k === query.get('show')) ?? 'all';
    const q = query.get('q') ?? '';
    const probes = query.get('probes') === '1';
    const wanted = {
        failed: kind === 'errors' ? 1 : undefined,
        slow: kind === 'slow' ? slowMs : undefined,
        name: q,
        route: query.get('route') ?? undefined,
        probes: probes ? undefined : 0,
    };
    const list = useList<Summary, Page>('traces', wanted);
    const [news, setNews] = useState<{ first: Page | undefined; changes: number; now: number }>();
    useLive<{ changes: number }>('traces', ({ changes }) => setNews((had) => (had?.first === list.first ? { ...had!, now: changes } : { first: list.first, changes, now: changes })));
    const fresh = news && news.first === list.first && news.now > news.changes;
    const longest = Math.max(1e-6, ...list.items.map((t) => t.ms));
    const kept = list.first?.kept;
    return (
        <>
            <Heading title="Traces">
                {fresh && <button onClick={list.again}>Show newer ones</button>}
            </Heading>
            <div class="stack">
                <div class="row">
                    <Filter label="Search traces by name" value={q} placeholder="Part of a name: checkout, POST, process mail …" change={(typed) => refine({ q: typed })} />
                    <Segmented<Kind>
                        label="Which traces"
                        options={[{ key: 'all', title: 'All' }, { key: 'errors', title: 'Errors' }, { key: 'slow', title: `Slow (${slowMs} ms)` }]}
                        value={kind}
                        change={(to) => refine({ show: to === 'all' ? undefined : to })}
                    />
                    <Names value={query.get('route') ?? ''} />
                    <label class="check">
                        <input type="checkbox" checked={probes} onChange={(e) => refine({ probes: e.currentTarget.checked ? '1' : undefined })} /> with probes
                    </label>
                </div>
                <Problem failure={list.failure} again={list.again} />
                {!list.first && !list.failure && <Skeleton rows={12} />}
                {list.first && (
                    <>
                        <Table
                            label="Traces"
                            rows={list.items}
                            keyOf={(t) => t.trace}
                            open={(t) => to(['traces', t.trace])}
                            columns={[
                                { title: 'What', wide: true, cell: (t) => t.name },
                                { title: 'State', narrow: 'half', cell: (t) => <Badge tone={t.failed ? 'bad' : 'good'}>{t.failed ? 'failed' : 'ended'}</Badge> },
                                { title: 'Began', narrow: 'half', cell: (t) => <Time at={t.start} relative /> },
                                { title: 'Spans', numeric: true, cell: (t) => words.count(t.spans) },
                                { title: 'Took', numeric: true, cell: (t) => words.span(t.ms) },
                                {
                                    title: 'Beside the longest here',
                                    narrow: 'hide',
                                    cell: (t) => (
                                        <span class="share">
                                            <Meter label={`${t.name} took`} share={t.ms / longest} tone={t.failed ? 'bad' : undefined} />
                                        </span>
                                    ),
                                },
                            ]}
                            empty={
                                kept?.traces
                                    ? 'None of the traces that are kept is like that.'
                                    : 'No trace has ended yet. What is not sampled (OTEL_TRACES_SAMPLER) is not kept, and neither are visits to this dashboard.'
                            }
                        />
                        <More list={list} of="traces shown" />
                        {kept && (
                            <p class="muted small">
                                {words.count(kept.traces)} traces are kept, in {words.bytes(kept.bytes)} of {words.bytes(kept.max_bytes)}. Those that failed and the slowest of each name stay longest.
                            </p>
                        )}
                    </>
                )}
            </div>
        </>
    );
}

export default function TracesPage() {
    const id = place.value.path[1];
    return id === undefined ? <List /> : <OneTrace key={id} id={id} />;
}
