import { useEffect, useState } from 'preact/hooks';

import { useLive } from '../../lib/live';
import { joined, type News } from '../../lib/overview';
import { clock } from '../../lib/words';
import { Empty, Panel } from '../../parts/basics';

const tones: Partial<Record<News['severity'], string>> = { warn: 'warn', error: 'bad', fatal: 'bad' };
const marks: Partial<Record<News['severity'], string>> = { warn: '! ', error: '✕ ', fatal: '✕ ' };

function Line(props: { of: News }) {
    const { of } = props;
    const href = of.link || (of.trace ? `#/traces/${of.trace}` : '');
    return (
        <li>
            <span>{clock(of.at)}</span>
            <span class="muted">{of.kind}</span>
            <span class={tones[of.severity]}>
                <span aria-hidden="true">{marks[of.severity]}</span>
                {href ? <a href={href}>{of.text}</a> : of.text}
            </span>
        </li>
    );
}

// What happens, newest first. Held, it stands still for whoever reads.
export function Feed(props: { news: readonly News[] }) {
    const [all, setAll] = useState<readonly News[]>(props.news);
    const [held, setHeld] = useState<readonly News[]>();
    const add = (more: readonly News[]) => setAll((had) => joined(had, more));
    useEffect(() => add(props.news), [props.news]);
    useLive<{ items: readonly News[]; skipped: number }>('feed', (told) => add(told.items));
    const shown = held ?? all;
    return (
        <Panel
            title="Live"
            flush
            tools={
                <button class="quiet" aria-pressed={held !== undefined} onClick={() => setHeld(held ? undefined : all)}>
                    Hold
                </button>
            }
        >
            <div class="feed" tabIndex={0} role="region" aria-label="What happens, newest first">
                {shown.length === 0 ? (
                    <Empty>Nothing has happened yet. Jobs, mails, warnings and what people do here appear as they come.</Empty>
                ) : (
                    <ul>
                        {shown.map((n) => (
                            <Line key={n.id} of={n} />
                        ))}
                    </ul>
                )}
            </div>
        </Panel>
    );
}
