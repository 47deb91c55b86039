// A small chart beside a number, with the same in words.

import { box, shapeOf } from '../lib/shape';
import * as words from '../lib/words';

export function Sparkline(props: { label: string; values: readonly (number | null)[]; limit?: number | null | undefined; say?: (value: number) => string }) {
    const known = props.values.filter((v): v is number => v !== null);
    if (known.length === 0) return <svg class="spark" aria-hidden="true" />;
    const say = props.say ?? words.count;
    const { line, area, dots, limit } = shapeOf(props.values, props.limit);
    const last = say(known.at(-1)!);
    const text = `${props.label}: ${known.length === 1 ? `${last}, the first figure` : `between ${say(Math.min(...known))} and ${say(Math.max(...known))}, last ${last}`}`;
    return (
        <svg class="spark" viewBox={`0 0 ${box.width} ${box.height}`} preserveAspectRatio="none" role="img" aria-label={text}>
            <path class="area" d={area} />
            <path d={line} />
            {dots && <path class="dots" d={dots} />}
            {limit !== undefined && <path class="limit" d={`M0 ${limit}H${box.width}`} />}
        </svg>
    );
}

// A share of something that is full at 1.
export function Meter(props: { label: string; share: number; tone?: 'warn' | 'bad' | undefined }) {
    const width = Math.round(Math.max(0, Math.min(1, props.share)) * 1000) / 10;
    return (
        <svg class={`meter ${props.tone ?? ''}`} role="img" aria-label={`${props.label}: ${words.percent(props.share)}`}>
            <rect width="100%" height="8" rx="4" />
            <rect width={`${width}%`} height="8" rx="4" />
        </svg>
    );
}
