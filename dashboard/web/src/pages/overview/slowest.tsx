import type { SlowTrace } from '../../lib/overview';
import { span } from '../../lib/words';
import { Empty } from '../../parts/basics';
import { Meter } from '../../parts/spark';

export function Slowest(props: { of: readonly SlowTrace[] }) {
    if (props.of.length === 0) return <Empty>No trace has ended yet.</Empty>;
    const longest = Math.max(...props.of.map((t) => t.ms));
    return (
        <ul class="list">
            {props.of.map((t) => (
                <li class="slow" key={t.trace}>
                    <a class="clip" href={`#/traces/${t.trace}`}>
                        {t.failed && <span class="bad">✕ failed: </span>}
                        {t.name}
                    </a>
                    <Meter label={`${t.name}, of the slowest`} share={t.ms / longest} tone={t.failed ? 'bad' : undefined} />
                    <span class="numeric">{span(t.ms)}</span>
                </li>
            ))}
        </ul>
    );
}
