// Data as it is. Objects fold below the second level; of a long text the first 8 KiB until somebody asks for all.

import { useMemo, useState } from 'preact/hooks';

import * as words from '../lib/words';
import { CopyButton } from './copy';

const most = 8192;
const children = 100; // of one object or array, until somebody asks for more

function Leaf(props: { value: unknown }) {
    const { value } = props;
    const kind = typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'literal';
    return <span class={kind}>{JSON.stringify(value)}</span>;
}

function Node(props: { name?: string | undefined; value: unknown; depth: number }) {
    const { value, depth } = props;
    const [shown, setShown] = useState(children);
    const name = props.name !== undefined && <span class="key">{JSON.stringify(props.name)}: </span>;
    if (value === null || typeof value !== 'object')
        return (
            <>
                {name}
                <Leaf value={value} />
            </>
        );
    const list = Array.isArray(value);
    const entries = Object.entries(value);
    const [begin, end] = list ? '[]' : '{}';
    if (entries.length === 0)
        return (
            <>
                {name}
                {begin! + end!}
            </>
        );
    return (
        <details open={depth < 2}>
            <summary>
                {name}
                {begin}
                <span class="folded">
                    {' '}
                    {words.count(entries.length)} {list ? 'items' : 'fields'} {end}
                </span>
            </summary>
            <ul>
                {entries.slice(0, shown).map(([key, each]) => (
                    <li key={key}>
                        <Node name={list ? undefined : key} value={each} depth={depth + 1} />
                    </li>
                ))}
                {entries.length > shown && (
                    <li>
                        <button onClick={() => setShown(shown + 10 * children)}>{words.count(entries.length - shown)} more</button>
                    </li>
                )}
            </ul>
            {end}
        </details>
    );
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

// A string is shown as a tree where it is the text of an object or array.
export function Json(props: { value: unknown; label: string }) {
    const [all, setAll] = useState(false);
    const text = useMemo(() => (typeof props.value === 'string' ? props.value : (JSON.stringify(props.value, null, 2) ?? 'undefined')), [props.value]);
    const whole = all || text.length <= most;
    const value = useMemo(() => (!whole ? undefined : typeof props.value === 'string' ? parsed(props.value) : props.value), [props.value, whole]);
    return (
        <figure class="json" role="group" aria-label={props.label}>
            {value !== null && typeof value === 'object' ? (
                <div class="tree" tabIndex={0}>
                    <Node value={value} depth={0} />
                </div>
            ) : (
                <pre tabIndex={0}>{whole ? text : text.slice(0, most)}</pre>
            )}
            <div class="tools">
                {!whole && <button onClick={() => setAll(true)}>Show all {words.bytes(text.length)}</button>}
                <CopyButton text={text} label={`Copy ${props.label}`} />
            </div>
        </figure>
    );
}

// Text in the machine's letters: a stack trace, a source.
export function Code(props: { text: string; label: string }) {
    const [all, setAll] = useState(false);
    const whole = all || props.text.length <= most;
    return (
        <figure class="json" role="group" aria-label={props.label}>
            <pre tabIndex={0}>{whole ? props.text : props.text.slice(0, most)}</pre>
            <div class="tools">
                {!whole && <button onClick={() => setAll(true)}>Show all {words.bytes(props.text.length)}</button>}
                <CopyButton text={props.text} label={`Copy ${props.label}`} />
            </div>
        </figure>
    );
}
