// The jobs that fit: newest first, page by page, to be changed one by one, as chosen, or all of them.

import { useEffect, useRef, useState } from 'preact/hooks';

import type { Query } from '../../lib/api';
import { useList } from '../../lib/list';
import { filtered } from '../../lib/filter';
import * as words from '../../lib/words';
import { mayOperate } from '../../parts/actions';
import { Badge, More, Notice, Problem, Skeleton, Time } from '../../parts/basics';
import { Table, type Column } from '../../parts/table';
import { TraceLink } from '../../parts/copy';
import { api, counted, jobs, performAll } from './deeds';
import { cli, jobAt, mayBe, titleOf, toneOf, type Jobs as Page, type State, type Summary } from './model';

type What = 'retry' | 'promote' | 'cancel' | 'remove';
const verbs: Record<What, { title: string; cli: string; done: (n: number) => string }> = {
    retry: { title: 'Retry', cli: 'retry', done: (n) => `${jobs(n)} ${n === 1 ? 'waits' : 'wait'} again.` },
    promote: { title: 'Promote', cli: 'promote', done: (n) => `${jobs(n)} ${n === 1 ? 'waits' : 'wait'} from now on.` },
    cancel: { title: 'Cancel', cli: 'cancel', done: (n) => `${jobs(n)} cancelled.` },
    remove: { title: 'Remove', cli: 'rm', done: (n) => `${jobs(n)} removed.` },
};
const order: readonly What[] = ['retry', 'promote', 'cancel', 'remove'];

// The same for a terminal, where it has words for all that is asked.
function allByCli(what: What, queue: string, state: string, q: string): string {
    const { text, terms } = filtered(q, ['name', 'error', 'reason', 'data', 'group']);
    const data = text || terms['data'];
    const error = terms['error'] ?? terms['reason'];
    return cli(
        'infra',
        'queue',
        verbs[what].cli,
        '--all',
        '--queue',
        queue,
        ...(state ? ['--state', state] : []),
        ...(terms['name'] ? ['--name', terms['name']] : []),
        ...(data ? ['--data', data] : []),
        ...(error ? ['--reason', error] : []),
        ...(terms['group'] ? ['--group', terms['group']] : []),
    );
}

function When(props: { of: Summary }) {
    const j = props.of;
    if (j.state === 'delayed') return <Time at={j.run_at} relative />;
    return <Time at={j.finished_at ?? (j.state === 'active' ? j.started_at : j.created_at)} relative />;
}

const columns: readonly Column<Summary>[] = [
    {
        title: 'Job',
        cell: (j) => (
            <>
                {j.name} <span class="mono muted">{j.id}</span>
            </>
        ),
    },
    { title: 'State', cell: (j) => <Badge tone={toneOf(j.state)}>{titleOf(j.state)}</Badge> },
    {
        title: 'Payload or reason',
        wide: true,
        cell: (j) => <span class="small">{j.state !== 'completed' && j.failed_reason ? <span class="bad">{j.failed_reason}</span> : <code>{j.preview}</code>}</span>,
    },
    { title: 'Attempts', numeric: true, cell: (j) => `${j.attempts_made}/${j.attempts}` },
    { title: 'Trace', narrow: 'hide', cell: (j) => <TraceLink trace={j.trace} /> },
    { title: 'When', numeric: true, cell: (j) => <When of={j} /> },
];

export function Jobs(props: { queue: string; state: State | ''; q: string; group: string; mark: string; then: () => void }) {
    const { queue, state, q, group } = props;
    const query: Query = { ...(state ? { state } : {}), ...(q ? { q } : {}), ...(group ? { group } : {}) };
    const list = useList<Summary, Page>(api(queue, 'jobs'), { ...query, limit: 50 });
    const [selected, select] = useState<ReadonlySet<string>>(new Set());
    const seen = useRef(props.mark);
    const pages = list.items.length > (list.first?.items.length ?? 0);

    // What happens in the queue is shown, unless that would take away what somebody loaded or chose.
    useEffect(() => {
        if (seen.current === props.mark || !props.mark || selected.size > 0 || pages) return;
        const due = window.setTimeout(() => {
            seen.current = props.mark;
            list.again();
        }, 1000);
        return () => window.clearTimeout(due);
    }, [props.mark, selected.size, pages]);

    const after = () => {
        select(new Set());
        list.again();
        props.then();
    };
    const chosen = async (what: What) => {
        const ids = [...selected];
        const done = await performAll(
            {
                method: 'POST',
                path: api(queue, 'change'),
                body: { what, ids },
                done: '',
                cli: cli('infra', 'queue', verbs[what].cli, '--queue', queue, ...ids),
                ...(what === 'retry' || what === 'promote' ? {} : { confirm: { question: `${verbs[what].title} ${jobs(ids.length)}?`, yes: verbs[what].title } }),
            },
            verbs[what].done,
        );
        if (done) after();
    };
    const all = async (what: What) => {
        const { count, exact } = await counted(queue, query);
        const done = await performAll(
            {
                method: 'POST',
                path: api(queue, 'change'),
                body: { what, ...query },
                done: '',
                confirm: { question: `${verbs[what].title} ${exact ? '' : 'more than '}${jobs(count)}?`, yes: verbs[what].title },
                cli: allByCli(what, queue, state, q),
            },
            verbs[what].done,
        );
        if (done) after();
    };

    if (!list.first) return list.failure ? <Problem failure={list.failure} again={list.again} /> : <Skeleton rows={8} />;
    const rows = new Map(list.items.map((j) => [j.id, j]));
    const may = order.filter((what) => [...selected].some((id) => mayBe[what](rows.get(id)?.state ?? '')));
    const bulk = mayOperate() && state !== '' && !group && list.items.length > 0 ? order.filter((what) => mayBe[what](state)) : [];
    const looked = list.first.items.length < 50 && list.first.next !== null && !pages;
    return (
        <>
            <Problem failure={list.failure} again={list.again} />
            {bulk.length > 0 && (
                <div class="row">
                    <span class="muted small">All {q ? 'that fit' : titleOf(state).toLowerCase()}:</span>
                    {bulk.map((what) => (
                        <button class={what === 'remove' || what === 'cancel' ? 'danger' : ''} onClick={() => void all(what)}>
                            {verbs[what].title} all …
                        </button>
                    ))}
                </div>
            )}
            <Table
                label={`Jobs of ${queue}`}
                rows={list.items}
                keyOf={(j) => j.id}
                open={jobAt}
                columns={columns}
                {...(mayOperate() ? { selected, select } : {})}
                chosen={may.map((what) => (
                    <button class={what === 'remove' || what === 'cancel' ? 'danger' : ''} onClick={() => void chosen(what)}>
                        {verbs[what].title}
                    </button>
                ))}
                empty={q || group ? 'No job fits.' : state ? `No job is ${titleOf(state).toLowerCase()}.` : 'This queue is empty.'}
            />
            {looked ? (
                <Notice>
                    <span class="grow">
                        Looked at {words.count(list.first.looked_at)} jobs, the newest first, and found {words.count(list.items.length)}.
                    </span>
                    <button onClick={list.more} disabled={list.loading}>
                        Look further
                    </button>
                </Notice>
            ) : (
                <More list={list} />
            )}
        </>
    );
}
