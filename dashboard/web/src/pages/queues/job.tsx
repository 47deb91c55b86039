// One job: what it is, what became of it, and what can be done.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { get } from '../../lib/api';
import { useList } from '../../lib/list';
import { useLoad } from '../../lib/load';
import { go } from '../../lib/route';
import * as words from '../../lib/words';
import { Action, mayOperate, say } from '../../parts/actions';
import { Badge, Facts, Heading, More, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { Id, TraceLink } from '../../parts/copy';
import { Code, Json } from '../../parts/json';
import { Meter } from '../../parts/spark';
import { Table } from '../../parts/table';
import { api, useAgain } from './deeds';
import { cli, jobAt, mayBe, queueAt, titleOf, toneOf, type Child, type Job, type Payload } from './model';
import { NewJob } from './new_job';

const isOver = (j: Job) => j.state === 'completed' || j.state === 'failed';

function Actions(props: { of: Job; then: () => void }) {
    const j = props.of;
    const [like, setLike] = useState<string>();
    if (!mayOperate()) return null;
    const deed = (verb: 'retry' | 'promote' | 'cancel', done: string) => ({
        method: 'POST' as const,
        path: api(j.queue, 'jobs', j.id, verb),
        done,
        cli: cli('infra', 'queue', verb, j.id, '--queue', j.queue),
    });
    const duplicate = async () => {
        const whole = j.data.cut ? await get<Job>(api(j.queue, 'jobs', j.id), { whole: 1 }) : j;
        if (whole.data.cut) say('bad', 'Its payload is over 1 MiB: too large to be edited here.');
        else setLike(whole.data.text);
    };
    return (
        <>
            {mayBe.retry(j.state) && (
                <Action deed={deed('retry', `Job ${j.id} waits again.`)} primary={j.state === 'failed'} then={props.then}>
                    Retry
                </Action>
            )}
            {mayBe.promote(j.state) && (
                <Action deed={deed('promote', `Job ${j.id} waits from now on.`)} primary then={props.then}>
                    Promote
                </Action>
            )}
            {mayBe.cancel(j.state) && (
                <Action
                    deed={{ ...deed('cancel', j.state === 'active' ? `Whoever runs job ${j.id} is asked to end it.` : `Job ${j.id} is cancelled.`), confirm: { question: `Cancel job ${j.id}?`, yes: 'Cancel it' } }}
                    danger
                    then={props.then}
                >
                    Cancel
                </Action>
            )}
            <button onClick={() => void duplicate()}>Edit as a new job …</button>
            {mayBe.remove(j.state) && (
                <Action
                    deed={{
                        method: 'DELETE',
                        path: api(j.queue, 'jobs', j.id),
                        done: `Job ${j.id} is removed.`,
                        confirm: { question: `Remove job ${j.id}?`, yes: 'Remove' },
                        cli: cli('infra', 'queue', 'rm', j.id, '--queue', j.queue),
                    }}
                    danger
                    then={() => go(queueAt(j.queue))}
                >
                    Remove
                </Action>
            )}
            {like !== undefined && <NewJob queue={j.queue} like={{ id: j.id, name: j.name, data: like, attempts: j.attempts, priority: j.priority, group: j.group }} close={() => setLike(undefined)} />}
        </>
    );
}

function PayloadPanel(props: { title: string; of: Payload; whole: () => void }) {
    if (!props.of.text) return null;
    return (
        <Panel
            title={props.title}
            tools={
                props.of.cut && (
                    <>
                        <span class="muted small">the first {words.bytes(new Blob([props.of.text]).size)}</span>
                        <button onClick={props.whole}>Load {words.bytes(Math.min(props.of.bytes, 1 << 20))}</button>
                    </>
                )
            }
        >
            <Json label={props.title} value={props.of.text} />
        </Panel>
    );
}

// `40`, `{"percent":40}`: what handlers tell of how far they are.
function progressOf(text: string): number | undefined {
    try {
        const value: unknown = JSON.parse(text);
        const n = typeof value === 'number' ? value : Number((value as { percent?: unknown } | null)?.percent);
        return n >= 0 && n <= 100 ? n / 100 : undefined;
    } catch {
        return undefined;
    }
}

function Attempts(props: { of: Job }) {
    const j = props.of;
    if (j.errors.length === 0 && !j.failed_reason) return null;
    const reasons = j.errors.length > 0 ? j.errors : [{ attempt: j.attempts_made, at: j.finished_at ?? j.created_at, reason: j.failed_reason }];
    return (
        <Panel title="What failed" flush>
            <ol class="list">
                {[...reasons].reverse().map((e) => (
                    <li class="stack tight">
                        <span class="row">
                            <Badge tone="bad">Attempt {e.attempt}</Badge> <Time at={e.at} />
                        </span>
                        <Code label={`Reason of attempt ${e.attempt}`} text={e.reason} />
                    </li>
                ))}
            </ol>
        </Panel>
    );
}

function Logs(props: { of: Job; turn: string }) {
    const [whole, setWhole] = useState(false);
    const list = useList<{ at: number; text: string }, { items: readonly { at: number; text: string }[]; next: null; left_out: number }>(api(props.of.queue, 'jobs', props.of.id, 'logs'), {
        turn: props.turn,
        ...(whole ? { whole: 1 } : {}),
    });
    if (!list.first || list.items.length === 0) return <Problem failure={list.failure} again={list.again} />;
    return (
        <Panel title="What it logged" flush tools={list.first.left_out > 0 && <button onClick={() => setWhole(true)}>{words.count(list.first.left_out)} earlier lines</button>}>
            <ol class="list lines" tabIndex={0} aria-label="Lines it logged">
                {list.items.map((line) => (
                    <li>
                        <time class="muted">{words.clock(line.at)}</time> {line.text}
                    </li>
                ))}
            </ol>
        </Panel>
    );
}

function Children(props: { of: Job; turn: string }) {
    const list = useList<Child>(api(props.of.queue, 'jobs', props.of.id, 'children'), { turn: props.turn, limit: 50 });
    const { pending, completed, failed } = props.of.children;
    return (
        <Panel title="Waits for" flush tools={<span class="muted small">{`${words.count(pending)} pending, ${words.count(completed)} completed, ${words.count(failed)} failed`}</span>}>
            <Problem failure={list.failure} again={list.again} />
            <Table
                label="Children"
                rows={list.items}
                keyOf={(c) => `${c.queue}:${c.id}`}
                open={jobAt}
                columns={[
                    { title: 'Job', cell: (c) => `${c.queue} ${c.id}` },
                    { title: 'State', cell: (c) => <Badge tone={c.state === 'failed' ? 'bad' : c.state === 'completed' ? 'good' : 'idle'}>{c.state}</Badge> },
                    { title: 'Result or reason', wide: true, cell: (c) => <span class="small">{c.failed_reason || c.result || '–'}</span> },
                ]}
            />
            <More list={list} />
        </Panel>
    );
}

function about(j: Job): (readonly [string, ComponentChildren] | false)[] {
    const ran = j.started_at !== null && (j.finished_at ?? (j.state === 'active' ? Date.now() : null));
    return [
        ['State', <Badge tone={toneOf(j.state)}>{j.cancel_requested ? 'To be cancelled' : titleOf(j.state)}</Badge>],
        ['Id', <Id>{j.id}</Id>],
        ['Attempts', `${j.attempts_made} of ${j.attempts}${j.stalls > 0 ? `, stalled ${j.stalls} times` : ''}`],
        ['Added', <Time at={j.created_at} />],
        j.run_at !== null && ['Not before', <Time at={j.run_at} />],
        j.started_at !== null && ['Started', <Time at={j.started_at} />],
        typeof ran === 'number' && ['Ran for', words.span(ran - j.started_at!)],
        j.finished_at !== null && ['Over', <Time at={j.finished_at} />],
        j.expires_at !== null && ['Not started after', <Time at={j.expires_at} />],
        j.worker !== '' && ['Worker', <span class="mono">{j.worker}</span>],
        j.trace !== '' && ['Trace', <TraceLink trace={j.trace} />],
        j.priority !== 0 && ['Priority', String(j.priority)],
        j.timeout_ms !== null && ['Timeout', words.span(j.timeout_ms)],
        j.group !== '' && ['Group', <a href={queueAt(j.queue, { q: `group:${JSON.stringify(j.group)}` })}>{j.group}</a>],
        j.deduplication_id !== '' && ['Deduplicated by', <span class="mono">{j.deduplication_id}</span>],
        j.parent !== null && ['Child of', <a href={jobAt(j.parent)}>{`${j.parent.queue} ${j.parent.id}`}</a>],
        j.schedule !== null && ['Run of', <a href="#/queues?view=cron">{j.schedule.name}</a>],
    ];
}

export function JobView(props: { queue: string; id: string }) {
    const { queue, id } = props;
    const [whole, setWhole] = useState('');
    const loaded = useLoad<Job>(api(queue, 'jobs', id), whole === id ? { whole: 1 } : {});
    const j = loaded.value;
    useAgain(loaded.again, j ? !isOver(j) : loaded.failure !== undefined && loaded.failure.status !== 404);
    const progress = j?.progress.text ? progressOf(j.progress.text) : undefined;
    const turn = j ? `${j.state} ${j.attempts_made} ${j.progress.text}` : '';
    const children = j ? j.children.pending + j.children.completed + j.children.failed : 0;
    return (
        <>
            <Heading
                title={j ? `${j.name} ${id}` : id}
                up={[
                    { title: 'Queues', href: '#/queues' },
                    { title: queue, href: queueAt(queue) },
                ]}
            >
                {j && <Actions of={j} then={loaded.again} />}
            </Heading>
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {!j && !loaded.failure && <Skeleton rows={8} />}
                {j && (
                    <>
                        <Panel title="About it">
                            <div class="stack">
                                <Facts of={about(j)} />
                                {progress !== undefined && <Meter label="Progress" share={progress} />}
                            </div>
                        </Panel>
                        <Attempts of={j} />
                        <PayloadPanel title="Payload" of={j.data} whole={() => setWhole(id)} />
                        <PayloadPanel title="Result" of={j.result} whole={() => setWhole(id)} />
                        {progress === undefined && <PayloadPanel title="Progress" of={j.progress} whole={() => setWhole(id)} />}
                        {children > 0 && <Children of={j} turn={turn} />}
                        <Logs of={j} turn={turn} />
                    </>
                )}
            </div>
        </>
    );
}
