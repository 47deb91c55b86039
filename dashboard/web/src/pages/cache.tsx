// The cache: how often it has what is asked for, and what it has.

import { lazy } from 'preact/compat';
import { useState } from 'preact/hooks';

import { useLive } from '../lib/live';
import { useLoad } from '../lib/load';
import { place } from '../lib/route';
import * as words from '../lib/words';
import { Facts, Heading, Notice, Panel, Problem, Skeleton } from '../parts/basics';
import { Meter } from '../parts/spark';
import { Table } from '../parts/table';
import { Invalidate, Keys } from './cache/keys';
import { perSecond, type About, type Group } from './cache/model';

const KeyView = lazy(() => import('./cache/key').then((m) => ({ default: m.KeyView })));

function Ratio(props: { of: Group; label: string }) {
    const { ratio } = props.of;
    if (ratio === null) return <span class="muted">nobody asked</span>;
    return (
        <span class="stack tight">
            {words.percent(ratio)}
            <Meter label={props.label} share={ratio} />
        </span>
    );
}

function Failed(props: { of: Group }) {
    const { loads, failed_loads } = props.of;
    return (
        <span>
            {words.count(loads + failed_loads)}
            {failed_loads > 0 && <span class="bad">, {words.count(failed_loads)} failed</span>}
        </span>
    );
}

export default function Cache() {
    const key = place.value.path[1];
    const loaded = useLoad<About>(key === undefined ? 'cache' : undefined);
    const [live, setLive] = useState<About>();
    useLive<About>(key === undefined ? 'cache' : undefined, setLive);
    if (key !== undefined) return <KeyView name={key} />;
    const about = live ?? loaded.value;
    return (
        <>
            <Heading title="Cache" />
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {!about && !loaded.failure && <Skeleton rows={10} />}
                {about && (
                    <>
                        {about.problem && <Notice tone="bad">The cache does not answer: {about.problem}</Notice>}
                        <Panel title="All of it" tools={<span class="muted small">Over the last {words.span(about.over_ms)}</span>}>
                            <Facts
                                of={[
                                    ['Hits', <Ratio of={about} label="Hits" />],
                                    ['Asked for', perSecond(about.per_second)],
                                    ['Loaded', <Failed of={about} />],
                                    ['Values here', words.count(about.entries)],
                                    ['Their size', words.bytes(about.bytes)],
                                    ['Made room', words.count(about.evictions)],
                                    ['Time was over', words.count(about.expirations)],
                                    ['Kept in', about.store],
                                ]}
                            />
                        </Panel>
                        <Panel title="What is asked for most" flush>
                            <Table
                                label="Namespaces"
                                rows={about.groups}
                                keyOf={(g) => g.name}
                                empty="Nobody has asked for anything yet."
                                columns={[
                                    { title: 'Namespace', wide: true, cell: (g) => g.name },
                                    { title: 'Hits', cell: (g) => <Ratio of={g} label={`${g.name}: hits`} /> },
                                    { title: 'Asked for', numeric: true, cell: (g) => perSecond(g.per_second) },
                                    { title: 'Misses', numeric: true, cell: (g) => words.count(g.misses) },
                                    { title: 'Stale', numeric: true, narrow: 'hide', cell: (g) => words.count(g.stale) },
                                    { title: 'Loaded', numeric: true, cell: (g) => <Failed of={g} /> },
                                ]}
                            />
                        </Panel>
                        <Keys of={about} />
                        <Invalidate prefix={about.prefix} then={loaded.again} />
                    </>
                )}
            </div>
        </>
    );
}
