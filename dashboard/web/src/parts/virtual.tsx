// A list of very many lines of one height, of which only those in sight are made. A listbox: arrows, j, k go through it, Enter opens.
// Heights are set by the CSSOM, which our policy for styles allows.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { step } from '../lib/choice';

export interface VirtualProps {
    label: string;
    rows: number;
    height: number; // of a line, in px; ≥ 24
    render: (row: number) => ComponentChildren; // text alone, no links or buttons: what is behind a line opens with it
    open?: (row: number) => void;
    at?: number | undefined; // the line that is chosen
    choose?: (row: number) => void;
    follow?: boolean; // stays at the end while it grows
    left?: () => void; // somebody scrolled away from the end while it followed
    class?: string;
}

export function VirtualList(props: VirtualProps) {
    const box = useRef<HTMLDivElement>(null);
    const id = useId();
    const [seen, setSeen] = useState({ top: 0, height: 600 });
    const [own, setOwn] = useState(-1);
    const at = props.at ?? own;
    const choose = props.choose ?? setOwn;
    const byUs = useRef(0); // scrolled by us, to here

    const look = () => {
        if (!box.current) return; // gone meanwhile
        const { scrollTop, clientHeight, scrollHeight } = box.current;
        setSeen((had) => (had.top === scrollTop && had.height === clientHeight ? had : { top: scrollTop, height: clientHeight }));
        if (props.follow && Math.abs(scrollTop - byUs.current) > props.height && scrollTop + clientHeight < scrollHeight - 2 * props.height) props.left?.();
    };
    useEffect(() => {
        const watch = new ResizeObserver(look);
        watch.observe(box.current!);
        return () => watch.disconnect();
    }, []);
    useLayoutEffect(() => {
        if (!props.follow) return;
        box.current!.scrollTop = box.current!.scrollHeight;
        byUs.current = box.current!.scrollTop;
    }, [props.rows, props.follow]);
    useLayoutEffect(() => {
        if (at < 0) return;
        const { scrollTop, clientHeight } = box.current!;
        if (at * props.height < scrollTop) box.current!.scrollTop = at * props.height;
        else if ((at + 1) * props.height > scrollTop + clientHeight) box.current!.scrollTop = (at + 1) * props.height - clientHeight;
    }, [at]);

    const pressed = (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const to = step(event.key, at, props.rows, Math.max(1, Math.floor(seen.height / props.height) - 1));
        if (to !== undefined) choose(to);
        else if (event.key === 'Enter' && at >= 0) props.open?.(at);
        else return;
        event.preventDefault();
        event.stopPropagation();
    };
    const from = Math.max(0, Math.floor(seen.top / props.height) - 8);
    const until = Math.min(props.rows, Math.ceil((seen.top + seen.height) / props.height) + 8);
    const lines = Array.from({ length: Math.max(0, until - from) }, (_, i) => from + i);
    return (
        <div
            class={`virtual ${props.class ?? ''}`}
            role="listbox"
            aria-label={props.label}
            aria-activedescendant={at >= from && at < until ? `${id}-${at}` : undefined}
            tabIndex={0}
            ref={box}
            onScroll={look}
            onKeyDown={pressed}
        >
            <div role="presentation" style={{ height: `${props.rows * props.height}px` }}>
                {lines.map((row) => (
                    <div
                        role="option"
                        key={row}
                        id={`${id}-${row}`}
                        class={`line ${row === at ? 'at' : ''}`}
                        aria-selected={row === at}
                        aria-setsize={props.rows}
                        aria-posinset={row + 1}
                        style={{ top: `${row * props.height}px`, height: `${props.height}px` }}
                        onClick={() => {
                            choose(row);
                            props.open?.(row);
                        }}
                    >
                        {props.render(row)}
                    </div>
                ))}
            </div>
        </div>
    );
}
