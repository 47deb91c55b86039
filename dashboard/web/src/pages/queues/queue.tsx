// One queue: how it is, and its jobs by state, by search, by error.

import { useState } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { useLoad } from '../../lib/load';
import { place, refine } from '../../lib/route';
import * as words from '../../lib/words';
import { mayOperate } from '../../parts/actions';
import { Facts, Heading, Panel, Problem, Skeleton } from '../../parts/basics';
import { Tabs } from '../../parts/choose';
import { Filter } from '../../parts/filter';
import { Sparkline } from '../../parts/spark';
import { api } from './deeds';
import { Failures } from './failures';
import { Jobs } from './jobs';
import { Condition, ended, Oldest, PauseButton } from './list';
import { queueAt, states, type Queue, type QueuePage, type Queues, type State } from './model';
import { NewJob } from './new_job';
import { Steering } from './steer';

const terms = [
    { name: 'name', says: 'of the job' },
    { name: 'error', says: 'in the reason of its failure' },
    { name: 'data', says: 'in its payload' },
    { name: 'group', says: 'whose it is' },
];

function limits(of: QueuePage): string {
    const { concurrency, rate, max_length } = of.settings;
    const said = [
        concurrency > 0 && `${words.count(concurrency)} at once`,
        rate && `${words.count(rate.max)} in ${words.span(rate.duration_ms)}`,
        max_length > 0 && `${words.count(max_length)} waiting`,
    ].filter(Boolean);
    return said.length ? said.join(', ') : 'none';
}

function About(props: { of: QueuePage }) {
    const q = props.of;
    return (
        <Panel title="How it is">
            <Facts
                of={[
                    ['State', <Condition of={q} />],
                    ['Oldest waiting', <Oldest of={q} />],
                    ['Workers', <a href="#/queues?view=workers">{words.count(q.workers)}</a>],
                    ['Limits', limits(q)],
                    ['A minute', q.per_minute.toFixed(q.per_minute < 10 ? 1 : 0)],
                    ['Last hour', <Sparkline label="Jobs a minute" values={ended(q)} />],
                ]}
            />
        </Panel>
    );
}

export function QueueView(props: { name: string }) {
    const { name } = props;
    const { query } = place.value;
    const state = (query.get('state') ?? '') as State | '';
    const q = query.get('q') ?? '';
    const group = query.get('group') ?? '';
    const loaded = useLoad<QueuePage>(api(name));
    const [live, setLive] = useState<{ of: QueuePage | undefined; now: Queue }>();
    const [adding, setAdding] = useState(false);
    const [turn, setTurn] = useState(0);
    useLive<Queues>('queues', (all) => {
        const now = all.items.find((each) => each.name === name);
        if (now) setLive({ of: loaded.value, now });
        if (loaded.failure) again(); // the storage is back
    });
    const shown = loaded.value && { ...loaded.value, ...(live && live.of === loaded.value ? { ...live.now, minutes: loaded.value.minutes, per_minute: loaded.value.per_minute } : {}) };
    const again = () => {
        loaded.again();
        setTurn((n) => n + 1);
    };
    return (
        <>
            <Heading title={name} up={[{ title: 'Queues', href: '#/queues' }]}>
                {shown && mayOperate() && (
                    <>
                        <PauseButton queue={name} paused={shown.paused} then={again} />
                        <Steering of={shown} then={again} />
                        <button onClick={() => setAdding(true)}>Add job …</button>
                    </>
                )}
            </Heading>
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {shown ? <About of={shown} /> : !loaded.failure && <Skeleton rows={3} />}
                <div>
                    <Tabs<State | ''>
                        label={`Jobs of ${name}`}
                        at={state}
                        to={(key) => queueAt(name, { state: key, q })}
                        tabs={[{ key: '', title: 'All' }, ...states.map((s) => ({ key: s.key, title: s.title, count: shown?.[s.key] }))]}
                    />
                    <div class="stack">
                        <div class="row">
                            <Filter
                                label={`Search jobs of ${name}`}
                                placeholder="Words of the payload, or name: error: data: group:"
                                value={q}
                                change={(typed) => refine({ q: typed || undefined, group: undefined })}
                                terms={terms}
                            />
                        </div>
                        {state === 'failed' && !q && <Failures queue={name} at={group} failed={shown?.failed} turn={turn} then={again} />}
                        <Jobs
                            key={`${name} ${state} ${q} ${group}`}
                            queue={name}
                            state={state}
                            q={q}
                            group={group}
                            mark={shown ? `${turn} ${states.map((s) => shown[s.key]).join(' ')}` : ''}
                            then={again}
                        />
                    </div>
                </div>
            </div>
            {adding && <NewJob queue={name} close={() => setAdding(false)} />}
        </>
    );
}
