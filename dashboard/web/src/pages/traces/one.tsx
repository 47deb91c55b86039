// One trace: its spans over time, what was logged meanwhile, and the jobs and mails it has to do with.

import { useMemo, useState } from 'preact/hooks';

import { href } from '../../lib/api';
import { useLoad } from '../../lib/load';
import { to } from '../../lib/route';
import * as words from '../../lib/words';
import { Badge, Empty, Facts, Heading, Notice, Panel, Problem, Skeleton, Time } from '../../parts/basics';
import { CopyButton, Id } from '../../parts/copy';
import { Table } from '../../parts/table';
import { LineDrawer, time } from '../logs/line';
import { fieldsOf, linesWith, tones, type Line } from '../logs/model';
import { beyond, type Span, type Trace } from './model';
import { SpanDrawer } from './span';
import { Waterfall } from './waterfall';

const legend = 'Strong bars held up the whole: the critical path, from the first beginning to the last end. Dots are events, thin strokes lines of the log.';

function Lines(props: { of: readonly Line[]; trace: string; open: (line: Line) => void }) {
    return (
        <Panel flush title="What was logged" tools={<a href={linesWith({ trace: props.trace })}>In the log</a>}>
            <Table
                label="Lines of the trace"
                rows={props.of}
                keyOf={(l) => String(l.id)}
                onOpen={props.open}
                columns={[
                    { title: 'Time', cell: (l) => <button class="quiet mono" onClick={() => props.open(l)}>{time(l.at)}</button> },
                    { title: 'Level', cell: (l) => <Badge tone={tones[l.level]}>{l.level}</Badge> },
                    { title: 'Module', cell: (l) => l.module || '–' },
                    {
                        title: 'Message',
                        wide: true,
                        cell: (l) => (
                            <>
                                {l.message} <span class="muted small">{fieldsOf(l)}</span>
                            </>
                        ),
                    },
                ]}
                empty="Nothing was logged under this trace, or it is not kept any more."
            />
        </Panel>
    );
}

function Summary(props: { of: Trace }) {
    const { of } = props;
    const failed = of.spans.filter((s) => s.failed).length;
    return (
        <Facts
            of={[
                ['Trace', <Id>{of.trace}</Id>],
                ['Began', <Time at={of.start} />],
                ['Took', words.span(of.us / 1000)],
                ['Spans', words.count(of.spans.length + of.left_out)],
                ['State', of.failed ? <Badge tone="bad">{`${failed} failed`}</Badge> : of.open ? <Badge tone="busy">goes on</Badge> : <Badge tone="good">ended</Badge>],
                of.jobs.length > 0 && ['Jobs', <span class="row">{of.jobs.map((j) => <a href={to(['queues', j.queue, j.id])}>{`${j.queue} ${j.id.slice(0, 12)}`}</a>)}</span>],
                of.mails.length > 0 && ['Mails', <span class="row">{of.mails.map((m) => <a href={to(['mail', m])}>{m.slice(0, 16)}</a>)}</span>],
            ]}
        />
    );
}

export function OneTrace(props: { id: string }) {
    const loaded = useLoad<Trace>(`traces/${props.id}`);
    const logged = useLoad<{ items: readonly Line[] }>('logs', { trace: props.id, limit: 200 });
    const [span, setSpan] = useState<Span>();
    const [line, setLine] = useState<Line>();
    const trace = loaded.value;
    const lines = useMemo(() => [...(logged.value?.items ?? [])].reverse(), [logged.value]);
    const said = useMemo(() => {
        const out = new Map<string, number[]>();
        for (const l of lines) if (l.span && trace) out.set(l.span, [...(out.get(l.span) ?? []), (l.at - trace.start) * 1000]);
        return out;
    }, [lines, trace]);
    const gone = loaded.failure?.status === 404;
    return (
        <>
            <Heading title={trace?.name ?? `Trace ${props.id.slice(0, 8)}`} up={[{ title: 'Traces', href: '#/traces' }]}>
                <CopyButton text={props.id}>Copy id</CopyButton>
                {trace && !trace.open && (
                    <a class="button" href={href(`traces/${props.id}/otlp`)} download>
                        Download OTLP
                    </a>
                )}
            </Heading>
            <div class="stack">
                {gone ? <Notice tone="warn">{loaded.failure!.message} What was logged under it is below, as far as it is kept.</Notice> : <Problem failure={loaded.failure} again={loaded.again} />}
                {!trace && !loaded.failure && <Skeleton rows={10} />}
                {trace && (
                    <>
                        <Summary of={trace} />
                        {trace.left_out > 0 && <Notice tone="warn">{words.count(trace.left_out)} more spans ended and are not kept.</Notice>}
                        <Panel flush title="Spans" tools={<span class="muted small">{legend}</span>}>
                            <Waterfall of={trace} said={said} open={setSpan} />
                        </Panel>
                    </>
                )}
                {logged.failure ? <Empty>{logged.failure.message}</Empty> : logged.value && <Lines of={lines} trace={props.id} open={setLine} />}
            </div>
            {span && <SpanDrawer trace={props.id} span={span} beyond={trace && beyond(trace.spans).get(span.id)} close={() => setSpan(undefined)} />}
            {line && <LineDrawer line={line} close={() => setLine(undefined)} />}
        </>
    );
}
