import { over, written, type Figure } from '../../lib/overview';
import { Sparkline } from '../../parts/spark';

function One(props: { of: Figure; spark: readonly (number | null)[] }) {
    const { of } = props;
    const say = (value: number) => written(value, of.unit).join(' ').trim();
    const [number, unit] = written(of.value, of.unit);
    const bad = over(of);
    const inside = (
        <>
            <span class="muted small clip" title={of.label}>
                {of.label}
            </span>
            <b>
                {number}
                {unit && <small> {unit}</small>}
            </b>
            <Sparkline label={of.label} values={props.spark} limit={of.limit} say={say} />
            <span class={`small ${bad ? 'bad' : 'muted'}`}>
                {bad && <span aria-hidden="true">▲ </span>}
                {of.limit == null || (of.limit === 0 && !bad) ? '\u00a0' : `${bad ? 'above' : 'limit'} ${say(of.limit)}`}
            </span>
        </>
    );
    return <li>{of.link ? <a class={`figure ${bad ? 'bad' : ''}`} href={of.link}>{inside}</a> : <div class={`figure ${bad ? 'bad' : ''}`}>{inside}</div>}</li>;
}

// `before` has the lines of what was, where the newest figures come without.
export function Figures(props: { of: readonly Figure[]; before: readonly Figure[] }) {
    if (props.of.length === 0) return null;
    return (
        <ul class="figures" aria-label="Numbers">
            {props.of.map((f) => (
                <One key={f.name} of={f} spark={f.spark ?? props.before.find((b) => b.name === f.name)?.spark ?? []} />
            ))}
        </ul>
    );
}
