// Draws charts. Lines have colours of style/metrics.css, and a legend that says what each is at the cursor; the cursor is moved by the pointer, or
// by arrow keys: to a screen reader it is a slider that says the values of its place.

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

import { theme } from '../lib/theme';
import * as words from '../lib/words';
import type { ChartProps, Series } from './chart';

const colours = 8;
type Say = (value: number | null) => string;

// No line leads to these, or from them.
const alone = (values: uPlot.TypedArray | (number | null | undefined)[]): number[] => [...values].flatMap((v, i) => (v != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));

function optionsOf(box: HTMLElement, series: readonly Series[], height: number, say: Say, moved: (at: number | null) => void): uPlot.Options {
    const style = getComputedStyle(box);
    const muted = style.getPropertyValue('color');
    const line = getComputedStyle(box.querySelector('.grid')!).color;
    const swatches = [...box.querySelectorAll('.swatch')].map((each) => getComputedStyle(each).color);
    const axis: uPlot.Axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: `11px ${style.fontFamily}` };
    return {
        width: box.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { x: { time: true }, y: { range: (_u, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.05 : 1] } },
        axes: [
            { ...axis, size: 30, values: (_u, at) => at.map((s) => words.clock(s * 1000).slice(0, 5)) },
            { ...axis, size: 64, values: (_u, at) => at.map((v) => say(v)) },
        ],
        series: [
            {},
            ...series.map((s, i) => ({
                label: s.label,
                stroke: swatches[i] ?? muted,
                width: 1.5,
                points: { show: true, filter: (u: uPlot, n: number) => alone(u.data[n]!) },
                ...(i >= colours ? { dash: [6, 3] } : {}),
                ...(series.length === 1 ? { fill: (swatches[0] ?? muted).replace(/^rgb\((.*)\)$/, 'rgba($1, 0.1)') } : {}),
            })),
        ],
        hooks: { setCursor: [(u) => moved(u.cursor.idx ?? null)] },
    };
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
    return [times.map((t) => t / 1000), ...series.map((s) => [...s.values])] as uPlot.AlignedData;
}

export default function Plot(props: ChartProps & { say: Say }) {
    const { times, series, say } = props;
    const box = useRef<HTMLDivElement>(null);
    const canvas = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot | undefined>(undefined);
    const [at, setAt] = useState<number | null>(null);
    const height = props.height ?? 200;
    const lines = series.map((s) => s.label).join('\n');

    useEffect(() => {
        const made = new uPlot(optionsOf(box.current!, series, height, say, setAt), dataOf(times, series), canvas.current!);
        plot.current = made;
        const within = canvas.current!;
        const watch = new ResizeObserver(() => made.setSize({ width: within.clientWidth, height }));
        watch.observe(within);
        return () => {
            watch.disconnect();
            made.destroy();
        };
    }, [lines, height, theme.value]);
    useEffect(() => plot.current?.setData(dataOf(times, series)), [times, series]);

    const last = times.length - 1;
    const shown = at ?? last;
    const read = `${words.clock(times[shown])}: ${series.map((s) => `${s.label} ${say(s.values[shown] ?? null)}`).join(', ')}`;
    const go = (to: number) => {
        const index = Math.max(0, Math.min(last, to));
        setAt(index);
        const made = plot.current;
        if (made) made.setCursor({ left: made.valToPos(times[index]! / 1000, 'x'), top: 0 }, false);
    };
    const pressed = (event: KeyboardEvent) => {
        const steps: Record<string, number> = { ArrowLeft: shown - 1, ArrowRight: shown + 1, PageUp: shown - 10, PageDown: shown + 10, Home: 0, End: last };
        const to = steps[event.key];
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        go(to);
    };
    return (
        <div class="plot" ref={box}>
            <i class="grid" />
            <div
                ref={canvas}
                class="canvas"
                role="slider"
                tabIndex={0}
                aria-label={`${props.label}: values over time`}
                aria-valuemin={0}
                aria-valuemax={Math.max(0, last)}
                aria-valuenow={Math.max(0, shown)}
                aria-valuetext={last < 0 ? 'no points' : read}
                onKeyDown={pressed}
            />
            <ul class="legend" aria-label="Lines">
                <li class="muted">{at === null ? 'Latest' : words.clock(times[shown])}</li>
                {series.map((s, i) => (
                    <li>
                        <i class={`swatch c${i % colours}`} />
                        <span class="clip">{s.label}</span>
                        <span class="numeric">{say(s.values[shown] ?? null)}</span>
                    </li>
                ))}
            </ul>
        </div>
    );
}
