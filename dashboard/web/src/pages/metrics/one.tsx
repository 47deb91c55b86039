// One metric, as somebody wants to see it.

import { href } from '../../lib/api';
import { place, refine } from '../../lib/route';
import * as words from '../../lib/words';
import { Facts, Heading, Panel, Time } from '../../parts/basics';
import { CopyButton, Command, TraceLink } from '../../parts/copy';
import { Table } from '../../parts/table';
import { Drawing, queryOf, useDrawn } from './drawing';
import { lineOf, promql, sayer, shownOf, type Metric, type Shown, type Wanted } from './model';
import { isPinned, turn } from './pinned';

const titles: Record<Shown, string> = { value: 'Value', rate: 'Rate', mean: 'Mean', p50: 'p50', p90: 'p90', p95: 'p95', p99: 'p99', quantiles: 'p50, p95, p99' };

function Choice(props: { label: string; value: string; options: readonly (readonly [string, string])[]; change: (to: string) => void }) {
    return (
        <label class="field">
            <span>{props.label}</span>
            <select value={props.value} onChange={(e) => props.change(e.currentTarget.value)}>
                {props.options.map(([value, title]) => (
                    <option value={value}>{title}</option>
                ))}
            </select>
        </label>
    );
}

function Controls(props: { metric: Metric; wanted: Wanted; show: Shown }) {
    const { metric, wanted } = props;
    const where = new Map((wanted.where ?? []).map((w) => [w.slice(0, w.indexOf(':')), w.slice(w.indexOf(':') + 1)]));
    const pick = (label: string, value: string) => {
        const now = new Map(where);
        if (value) now.set(label, value);
        else now.delete(label);
        refine({ where: now.size ? JSON.stringify([...now].map(([l, v]) => `${l}:${v}`)) : undefined });
    };
    const labels = Object.entries(metric.labels);
    return (
        <div class="row controls">
            {shownOf[metric.type].length > 1 && (
                <Choice label="Show" value={props.show} options={shownOf[metric.type].map((s) => [s, titles[s]] as const)} change={(show) => refine({ show })} />
            )}
            {labels.length > 0 && (
                <Choice
                    label="A line for each"
                    value={wanted.by ?? ''}
                    options={[['', 'none: all together'], ...labels.map(([l]) => [l, l] as const), ['*', 'series']]}
                    change={(by) => refine({ by: by || undefined })}
                />
            )}
            {labels.map(([label, values]) => (
                <Choice label={`Only ${label}`} value={where.get(label) ?? ''} options={[['', 'any'], ...values.map((v) => [v, v || '(none)'] as const)]} change={(v) => pick(label, v)} />
            ))}
        </div>
    );
}

function whereOf(text: string | null): readonly string[] | undefined {
    try {
        const all: unknown = JSON.parse(text ?? '');
        return Array.isArray(all) ? all.map(String) : undefined;
    } catch {
        return undefined;
    }
}

export function OneMetric(props: { name: string; metric: Metric | undefined }) {
    const query = place.value.query;
    const where = whereOf(query.get('where'));
    const wanted: Wanted = {
        name: props.name,
        ...(query.get('show') ? { show: query.get('show') as Shown } : {}),
        ...(query.get('by') ? { by: query.get('by')! } : {}),
        ...(where ? { where } : {}),
    };
    const drawn = useDrawn(wanted);
    const { metric } = props;
    const now = drawn.value;
    const say = sayer(now?.unit ?? '', now?.show ?? 'value');
    const show = now?.show ?? (metric ? shownOf[metric.type][0]! : 'value');
    return (
        <>
            <Heading title={props.name} up={[{ title: 'Metrics', href: '#/metrics' }]}>
                <button aria-pressed={isPinned(wanted)} onClick={() => turn(wanted)}>
                    {isPinned(wanted) ? 'Pinned' : 'Pin'}
                </button>
                <a class="button" href={href('metrics/csv', queryOf(wanted))} download="metric.csv">
                    Export CSV
                </a>
                <CopyButton text={props.name}>Copy name</CopyButton>
            </Heading>
            <div class="stack">
                {metric && (
                    <Facts
                        of={[
                            ['Means', metric.help],
                            ['Type', metric.type],
                            ['Series', words.count(metric.series)],
                        ]}
                    />
                )}
                {metric && <Controls metric={metric} wanted={wanted} show={show} />}
                <section class="panel" aria-label="Chart">
                    <div class="body">
                        <Drawing of={wanted} drawn={drawn} height={320} />
                    </div>
                </section>
                <Panel title="The same in PromQL">
                    <Command cli={promql(props.name, show, wanted.by ?? '', where ?? [])} />
                </Panel>
                {now && now.exemplars.length > 0 && (
                    <Panel flush title="Examples: single events and their traces">
                        <Table
                            label="Examples"
                            rows={now.exemplars.slice(0, 20)}
                            keyOf={(e) => `${e.trace} ${e.at} ${e.value}`}
                            columns={[
                                { title: 'Trace', cell: (e) => <TraceLink trace={e.trace} /> },
                                { title: 'Time', cell: (e) => <Time at={e.at} /> },
                                { title: 'Value', numeric: true, cell: (e) => (show === 'rate' ? words.count(e.value) : say(e.value)) },
                                { title: 'Of', wide: true, cell: (e) => <span class="mono">{lineOf(e.labels)}</span> },
                            ]}
                        />
                    </Panel>
                )}
            </div>
        </>
    );
}
