import type { Concern } from '../../lib/overview';
import { ago } from '../../lib/words';
import { Action } from '../../parts/actions';
import { Badge, Empty } from '../../parts/basics';

const bad = new Set(['error', 'fatal']);

function One(props: { of: Concern; then: () => void }) {
    const { of } = props;
    return (
        <li class="concern">
            <Badge tone={bad.has(of.severity) ? 'bad' : 'warn'}>{bad.has(of.severity) ? 'Error' : 'Warning'}</Badge>
            <span>
                {of.link ? <a href={of.link}>{of.text}</a> : of.text} {of.since != null && <span class="muted small">{ago(of.since)}</span>}
            </span>
            <span class="row">
                {of.action && (
                    <Action
                        deed={{ method: of.action.method, path: of.action.path, body: of.action.body ?? {}, done: `${of.action.label}: done.`, confirm: { question: `${of.action.label}: ${of.text}?`, yes: of.action.label } }}
                        label={`${of.action.label}: ${of.text}`}
                        then={props.then}
                    >
                        {of.action.label}
                    </Action>
                )}
            </span>
        </li>
    );
}

export function Concerns(props: { of: readonly Concern[]; then: () => void }) {
    if (props.of.length === 0) return <Empty>Nothing needs you: no job fails, nothing waits too long, no check complains.</Empty>;
    return (
        <ul class="list">
            {props.of.map((c) => (
                <One key={`${c.link} ${c.text.replace(/\d+/g, '#')}`} of={c} then={props.then} />
            ))}
        </ul>
    );
}
