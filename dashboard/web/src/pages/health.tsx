// Which parts are well, which are not and since when, and what they said.

import { useState } from 'preact/hooks';

import { useLive } from '../lib/live';
import { useLoad } from '../lib/load';
import { span } from '../lib/words';
import { Action } from '../parts/actions';
import { Badge, Facts, Heading, Panel, Problem, Skeleton, Time, type Tone } from '../parts/basics';
import { Sparkline } from '../parts/spark';
import { Table } from '../parts/table';

type Status = 'healthy' | 'degraded' | 'unhealthy';

interface Run {
    at: number;
    status: Status;
    ms: number | null;
}

interface Check {
    name: string;
    status: Status;
    critical: boolean;
    skipped: boolean;
    ms: number | null;
    message: string;
    checked: number | null;
    changed: number | null;
    history: readonly Run[];
}

interface Health {
    status: Status;
    since: number | null;
    live: boolean;
    ready: boolean;
    checks: readonly Check[];
}

const tones: Record<Status, Tone> = { healthy: 'good', degraded: 'warn', unhealthy: 'bad' };
const ranks: Record<Status, number> = { unhealthy: 0, degraded: 1, healthy: 2 };

function State(props: { of: Status }) {
    return <Badge tone={tones[props.of] ?? 'bad'}>{props.of}</Badge>;
}

// The last runs, oldest first: a bar each.
function History(props: { of: Check }) {
    const { name, history } = props.of;
    const bad = history.filter((r) => r.status !== 'healthy').length;
    if (history.length === 0) return <span class="muted">not yet</span>;
    return (
        <span class="strip" role="img" aria-label={`${name}: of the last ${history.length} runs ${bad || 'none'} not healthy`}>
            {history.slice(-40).map((run) => (
                <i key={run.at} class={tones[run.status]} />
            ))}
        </span>
    );
}

function Checks(props: { of: readonly Check[] }) {
    const rows = [...props.of].sort((a, b) => ranks[a.status] - ranks[b.status] || a.name.localeCompare(b.name));
    return (
        <Table
            label="Checks"
            rows={rows}
            keyOf={(c) => c.name}
            columns={[
                { title: 'Check', cell: (c) => <strong>{c.name}</strong> },
                { title: 'State', cell: (c) => (c.skipped ? <Badge tone="idle">not run</Badge> : <State of={c.status} />) },
                { title: 'Says', wide: true, cell: (c) => c.message || <span class="muted">{c.status === 'healthy' ? 'nothing to complain of' : '–'}</span> },
                { title: 'Last runs', cell: (c) => <History of={c} /> },
                { title: 'Took', numeric: true, cell: (c) => span(c.ms) },
                { title: 'Over time', narrow: 'hide', cell: (c) => <Sparkline label={`How long ${c.name} took`} values={c.history.map((r) => r.ms)} say={span} /> },
                { title: 'Looked', narrow: 'half', cell: (c) => <Time at={c.checked} relative /> },
                { title: 'Changed', narrow: 'half', cell: (c) => <Time at={c.changed} relative /> },
                { title: 'Counts for', narrow: 'half', cell: (c) => (c.critical ? 'readiness' : 'warnings') },
            ]}
            empty="This service has no checks: modules bring theirs when they are switched on, and infra::health::registry takes yours."
        />
    );
}

export default function HealthPage() {
    const loaded = useLoad<Health>('health');
    const [live, setLive] = useState<{ of: Health | undefined; now: Health }>();
    useLive<Health>('health', (now) => setLive({ of: loaded.value, now }));
    const now = live && live.of === loaded.value ? live.now : loaded.value;
    return (
        <>
            <Heading title="Health">
                <Action deed={{ method: 'POST', path: 'health/run', done: 'All checks have run.', cli: 'infra health --now' }} then={loaded.again}>
                    Run all checks now
                </Action>
            </Heading>
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {now ? (
                    <>
                        <Panel title="State">
                            <Facts
                                of={[
                                    ['Service', <State of={now.status} />],
                                    ['Since', <Time at={now.since} />],
                                    ['Lives', <Badge tone={now.live ? 'good' : 'bad'}>{now.live ? 'yes' : 'no: it should be started anew'}</Badge>],
                                    ['Ready', <Badge tone={now.ready ? 'good' : 'bad'}>{now.ready ? 'yes' : 'no: it gets no requests'}</Badge>],
                                ]}
                            />
                        </Panel>
                        <Checks of={now.checks} />
                    </>
                ) : (
                    !loaded.failure && <Skeleton rows={8} />
                )}
            </div>
        </>
    );
}
