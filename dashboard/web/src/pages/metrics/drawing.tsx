// A metric as a chart, asked for again every 10 s while somebody looks.

import { useEffect } from 'preact/hooks';

import { paused } from '../../lib/live';
import { useLoad } from '../../lib/load';
import { rangeMs } from '../../lib/range';
import { Empty, Problem, Skeleton } from '../../parts/basics';
import { Chart } from '../../parts/chart';
import { lineOf, sayer, titleOf, type Drawn, type Wanted } from './model';

export const queryOf = (w: Wanted) => ({ name: w.name, show: w.show, by: w.by, where: w.where, range: rangeMs.value / 1000 });

export function useDrawn(w: Wanted | undefined) {
    const loaded = useLoad<Drawn>(w && 'metrics/data', w ? queryOf(w) : {});
    useEffect(() => {
        if (!w) return;
        const due = window.setInterval(() => !document.hidden && !paused.value && loaded.again(), 10_000);
        return () => window.clearInterval(due);
    }, [w === undefined]);
    return loaded;
}

export function Drawing(props: { of: Wanted; drawn: ReturnType<typeof useDrawn>; height?: number }) {
    const { value, failure, again } = props.drawn;
    if (failure && failure.status === 404) return <Empty>Nothing was heard of {props.of.name} yet: metrics are looked at every 10 s, and a counter says nothing before it counts.</Empty>;
    if (!value) return failure ? <Problem failure={failure} again={again} /> : <Skeleton rows={6} panel={false} />;
    return (
        <>
            <Chart
                label={titleOf({ name: value.name, show: value.show, ...(props.of.by ? { by: props.of.by } : {}) })}
                times={value.times}
                series={value.lines.map((line) => ({ label: lineOf(line.labels), values: line.values }))}
                say={sayer(value.unit, value.show)}
                height={props.height ?? 200}
            />
            {value.more > 0 && <p class="muted small">{value.more} more lines, with less, are not drawn.</p>}
        </>
    );
}
