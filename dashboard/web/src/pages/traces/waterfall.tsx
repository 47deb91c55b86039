// The spans of a trace over time: a tree that arrow keys go through, as in any tree. What held up the whole stands out.

import { useMemo, useRef, useState } from 'preact/hooks';

import { step } from '../../lib/choice';
import * as words from '../../lib/words';
import { beyond, roomOf, shown, type Span, type Trace } from './model';

const percent = (part: number, of: number) => `${Math.round(10_000 * (of > 0 ? part / of : 0)) / 100}%`;

function Bar(props: { span: Span; us: number; said: readonly number[] }) {
    const { span, us } = props;
    const tone = span.failed ? 'bad' : span.open ? 'busy' : span.critical ? 'critical' : '';
    return (
        <svg class={`bar-of ${tone}`} aria-hidden="true">
            <rect x={percent(span.start, us)} y="5" width={percent(Math.max(span.us, us / 400), us)} height="10" rx="2" />
            {span.events.map((e) => (
                <circle class="event" cx={percent(e.at, us)} cy="10" r="2" />
            ))}
            {props.said.map((since) => (
                <rect class="said" x={percent(since, us)} y="1" width="2" height="18" />
            ))}
        </svg>
    );
}

// `said` are lines of the log, by span: µs from the trace's start.
export function Waterfall(props: { of: Trace; said: ReadonlyMap<string, readonly number[]>; open: (span: Span) => void }) {
    const { spans, us } = props.of;
    const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
    const [at, setAt] = useState(0);
    const body = useRef<HTMLDivElement>(null);
    const rows = useMemo(() => shown(spans, closed), [spans, closed]);
    const longer = useMemo(() => beyond(spans), [spans]);
    const place = Math.min(at, rows.length - 1);

    const focus = (row: number) => {
        setAt(row);
        body.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[row]?.focus();
    };
    const turn = (span: Span) => {
        const now = new Set(closed);
        if (!now.delete(span.id)) now.add(span.id);
        setClosed(now);
    };
    const sideways = (key: string, span: Span): boolean => {
        const isClosed = closed.has(span.id);
        if (key === 'ArrowRight' && span.children > 0) isClosed ? turn(span) : focus(place + 1);
        else if (key === 'ArrowLeft' && span.children > 0 && !isClosed) turn(span);
        else if (key === 'ArrowLeft') focus(Math.max(0, rows.slice(0, place).map((r) => r.depth < span.depth).lastIndexOf(true)));
        else return false;
        return true;
    };
    const pressed = (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const span = rows[place];
        const to = step(event.key, place, rows.length);
        if (to !== undefined) focus(to);
        else if (span && (event.key === 'Enter' || event.key === ' ')) props.open(span);
        else if (!span || !sideways(event.key, span)) return;
        event.preventDefault();
        event.stopPropagation();
    };
    return (
        <div class="waterfall" role="tree" aria-label={`Spans of ${props.of.name}`} ref={body} onKeyDown={pressed}>
            {rows.map((span, i) => (
                <div
                    key={span.id}
                    role="treeitem"
                    class={`span-row d${Math.min(span.depth, 12)}`}
                    tabIndex={i === place ? 0 : -1}
                    aria-level={span.depth + 1}
                    aria-expanded={span.children > 0 ? !closed.has(span.id) : undefined}
                    aria-selected={i === place}
                    onClick={(event) => {
                        setAt(i);
                        if ((event.target as Element).closest('.fold')) turn(span);
                        else props.open(span);
                    }}
                >
                    <span class="name clip">
                        <span class="fold" aria-hidden="true">
                            {span.children > 0 ? (closed.has(span.id) ? '▸' : '▾') : ''}
                        </span>
                        {span.failed && (
                            <span class="bad" aria-hidden="true">
                                ✕{' '}
                            </span>
                        )}
                        {span.name} <span class="muted small">{roomOf(span)}</span>
                        {closed.has(span.id) && <span class="muted small"> +{span.children}</span>}
                        <span class="unseen">{[span.failed && 'failed', span.open && 'not ended', span.critical && 'critical', longer.has(span.id) && 'goes on after its parent'].filter(Boolean).join(', ')}</span>
                    </span>
                    <Bar span={span} us={us} said={props.said.get(span.id) ?? []} />
                    <span class="numeric small">{span.open ? `${words.span(span.us / 1000)} …` : words.span(span.us / 1000)}</span>
                </div>
            ))}
        </div>
    );
}
