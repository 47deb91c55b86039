// Queues, their jobs, schedules and workers.

import { lazy } from 'preact/compat';
import { useEffect, useState } from 'preact/hooks';

import { get } from '../lib/api';
import { go, place, to } from '../lib/route';
import { Empty, Heading } from '../parts/basics';
import { Tabs } from '../parts/choose';
import { QueueList } from './queues/list';
import { jobAt, type Summary } from './queues/model';

// Loaded when somebody goes there.
const QueueView = lazy(() => import('./queues/queue').then((m) => ({ default: m.QueueView })));
const JobView = lazy(() => import('./queues/job').then((m) => ({ default: m.JobView })));
const Cron = lazy(() => import('./queues/cron').then((m) => ({ default: m.Cron })));
const Workers = lazy(() => import('./queues/workers').then((m) => ({ default: m.Workers })));

type View = 'queues' | 'cron' | 'workers';
const views = { queues: QueueList, cron: Cron, workers: Workers };

// Where somebody knows an id and not the queue.
function Found(props: { id: string }) {
    const [found, setFound] = useState<readonly Summary[]>();
    useEffect(() => {
        setFound(undefined);
        void get<{ items: readonly Summary[] }>('jobs', { id: props.id }).then(
            ({ items }) => {
                if (items.length === 1) go(jobAt(items[0]!));
                else setFound(items);
            },
            () => setFound([]),
        );
    }, [props.id]);
    if (!found) return null;
    if (found.length === 0) return <Empty>No queue has a job {props.id}, or no longer: what is over is kept for a while only.</Empty>;
    return (
        <ul class="list panel">
            {found.map((job) => (
                <li>
                    <a href={jobAt(job)}>
                        {job.name} {job.id}
                    </a>{' '}
                    in {job.queue}
                </li>
            ))}
        </ul>
    );
}

export default function Queues() {
    const { path, query } = place.value;
    const [, queue, id] = path;
    if (queue !== undefined && id !== undefined) return <JobView queue={queue} id={id} />;
    if (queue !== undefined) return <QueueView name={queue} />;
    const view = (query.get('view') ?? 'queues') as View;
    const Shown = views[view] ?? QueueList;
    const find = query.get('find');
    return (
        <>
            <Heading title="Queues" />
            <Tabs<View>
                label="Of queues"
                at={view}
                to={(key) => to(['queues'], key === 'queues' ? {} : { view: key })}
                tabs={[
                    { key: 'queues', title: 'Queues' },
                    { key: 'cron', title: 'Cron' },
                    { key: 'workers', title: 'Workers' },
                ]}
            />
            <div class="stack">
                {find && <Found id={find} />}
                <Shown />
            </div>
        </>
    );
}
