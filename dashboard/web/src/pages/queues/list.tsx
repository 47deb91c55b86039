import { useState } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { useLoad } from '../../lib/load';
import { session } from '../../lib/session';
import * as words from '../../lib/words';
import { Action } from '../../parts/actions';
import { Badge, Notice, Problem, Skeleton } from '../../parts/basics';
import { Sparkline } from '../../parts/spark';
import { Table } from '../../parts/table';
import { api } from './deeds';
import { cli, queueAt, type Queue, type Queues, type State } from './model';

export function Condition(props: { of: Queue }) {
    const q = props.of;
    if (q.paused) return <Badge tone="idle">Paused</Badge>;
    if (q.unattended) return <Badge tone="warn">No workers</Badge>;
    if (q.too_old) return <Badge tone="bad">Too slow</Badge>;
    return q.active > 0 ? <Badge tone="busy">Working</Badge> : <Badge tone="good">Ready</Badge>;
}

export function Oldest(props: { of: Queue }) {
    const { oldest, too_old, oldest_limit_ms } = props.of;
    if (oldest === null) return <span class="muted">–</span>;
    return (
        <span class={too_old ? 'bad' : ''} title={`The limit is ${words.span(oldest_limit_ms)}`}>
            {words.span(Math.max(0, Date.now() - oldest))}
            {too_old && <span class="muted small"> limit {words.span(oldest_limit_ms)}</span>}
        </span>
    );
}

export function PauseButton(props: { queue: string; paused: boolean; then: () => void }) {
    const { queue, paused } = props;
    const verb = paused ? 'resume' : 'pause';
    return (
        <Action
            deed={{
                method: 'POST',
                path: api(queue, verb),
                done: paused ? `${queue} goes on.` : `${queue} is paused: what runs goes on, nothing is started.`,
                cli: cli('infra', 'queue', verb, queue),
            }}
            label={`${paused ? 'Resume' : 'Pause'} ${queue}`}
            then={props.then}
        >
            {paused ? 'Resume' : 'Pause'}
        </Action>
    );
}

function Number(props: { of: Queue; state: State; bad?: boolean }) {
    const n = props.of[props.state];
    if (n === 0) return <span class="muted">0</span>;
    return (
        <a class={props.bad ? 'bad' : undefined} href={queueAt(props.of.name, { state: props.state })}>
            {words.count(n)}
        </a>
    );
}

export const ended = (q: Queue): number[] => q.minutes.map((m) => m.completed + m.failed);

export function QueueList() {
    const loaded = useLoad<Queues>('queues');
    const [live, setLive] = useState<{ of: Queues | undefined; now: Queues }>();
    useLive<Queues>('queues', (now) => {
        setLive({ of: loaded.value, now });
        if (loaded.failure) loaded.again(); // the storage is back
    });
    const shown = live && live.of === loaded.value ? live.now : loaded.value;
    if (!shown) return loaded.failure ? <Problem failure={loaded.failure} again={loaded.again} /> : <Skeleton rows={6} />;
    return (
        <>
            <Problem failure={loaded.failure} again={loaded.again} />
            {shown.left_out > 0 && <Notice tone="warn">{words.count(shown.left_out)} more queues are not shown: open one by its name in the address.</Notice>}
            <Table
                label="Queues"
                rows={shown.items}
                keyOf={(q) => q.name}
                open={(q) => queueAt(q.name)}
                empty="No queue has been used yet: the first job makes one."
                columns={[
                    { title: 'Queue', cell: (q) => q.name, wide: true },
                    { title: 'State', cell: (q) => <Condition of={q} /> },
                    { title: 'Waiting', numeric: true, cell: (q) => <Number of={q} state="waiting" /> },
                    { title: 'Oldest', numeric: true, cell: (q) => <Oldest of={q} /> },
                    { title: 'Active', numeric: true, cell: (q) => <Number of={q} state="active" /> },
                    { title: 'Delayed', numeric: true, cell: (q) => <Number of={q} state="delayed" /> },
                    { title: 'Failed', numeric: true, cell: (q) => <Number of={q} state="failed" bad /> },
                    { title: 'Per minute', numeric: true, cell: (q) => q.per_minute.toFixed(q.per_minute < 10 ? 1 : 0) },
                    {
                        title: 'Last 15 min',
                        narrow: 'hide',
                        cell: (q) => (
                            <div class="trend">
                                <Sparkline label={`${q.name}, jobs a minute`} values={ended(q)} />
                            </div>
                        ),
                    },
                    { title: 'Workers', numeric: true, cell: (q) => (q.workers === 0 ? <span class={q.unattended ? 'warn' : 'muted'}>0</span> : <a href="#/queues?view=workers">{q.workers}</a>) },
                    ...(session.value?.role === 'operate' ? [{ title: '', acts: true, cell: (q: Queue) => <PauseButton queue={q.name} paused={q.paused} then={loaded.again} /> }] : []),
                ]}
            />
            {loaded.value?.storage && <p class="muted small">Kept in {loaded.value.storage}.</p>}
        </>
    );
}
