import { useList } from '../../lib/list';
import * as words from '../../lib/words';
import { Problem, Skeleton, Time } from '../../parts/basics';
import { Table } from '../../parts/table';
import { useAgain } from './deeds';
import { jobAt, queueAt, type Worker } from './model';

export function Workers() {
    const list = useList<Worker>('workers');
    useAgain(list.again);
    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={4} />;
    return (
        <Table
            label="Workers"
            rows={list.items}
            keyOf={(w) => w.name}
            empty="No worker is there, in no process: jobs wait until one starts."
            columns={[
                { title: 'Worker', cell: (w) => <span class="mono">{w.name}</span> },
                {
                    title: 'Queues',
                    wide: true,
                    cell: (w) => (
                        <span class="row">
                            {w.queues.map((q) => (
                                <a href={queueAt(q)}>{q}</a>
                            ))}
                        </span>
                    ),
                },
                {
                    title: 'Runs now',
                    cell: (w) =>
                        w.jobs.length === 0 ? (
                            <span class="muted">nothing</span>
                        ) : (
                            <ul>
                                {w.jobs.slice(0, 5).map((j) => (
                                    <li>
                                        <a href={jobAt(j)}>
                                            {j.name} {j.id}
                                        </a>{' '}
                                        <span class="muted small">{words.span(j.started_at === null ? null : Date.now() - j.started_at)}</span>
                                    </li>
                                ))}
                                {w.jobs.length > 5 && <li class="muted small">and {w.jobs.length - 5} more</li>}
                            </ul>
                        ),
                },
                { title: 'Since', cell: (w) => <Time at={w.since} relative /> },
            ]}
        />
    );
}
