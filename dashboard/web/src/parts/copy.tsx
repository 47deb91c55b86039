// Into the clipboard, and back to people: that it is there.

import type { ComponentChildren } from 'preact';

import { say } from './toasts';
import { Icon } from './icons';

// Where the browser has no clipboard for us (no TLS and no loopback), through a text that is selected.
async function copy(text: string): Promise<void> {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) throw new Error('refused');
}

export function CopyButton(props: { text: string; label?: string; children?: ComponentChildren }) {
    return (
        <button
            type="button"
            class={`quiet ${props.children ? '' : 'square'}`}
            aria-label={props.children ? undefined : (props.label ?? 'Copy')}
            title={props.label ?? 'Copy'}
            onClick={() =>
                void copy(props.text).then(
                    () => say('good', 'Copied.'),
                    () => say('bad', 'The browser does not let us copy here: select it and copy it yourself.'),
                )
            }
        >
            <Icon name="copy" />
            {props.children}
        </button>
    );
}

// The same as an action, for a terminal.
export function Command(props: { cli: string }) {
    return (
        <div class="command">
            <code>{props.cli}</code>
            <CopyButton text={props.cli} label="Copy as CLI" />
        </div>
    );
}

// A name that machines made: an id, a key.
export function Id(props: { children: string; href?: string; short?: boolean }) {
    const text = props.short ? props.children.slice(0, 8) : props.children;
    return (
        <span class="copy mono">
            {props.href ? <a href={props.href} title={props.children}>{text}</a> : <span title={props.children}>{text}</span>}
            <CopyButton text={props.children} label={`Copy ${props.children}`} />
        </span>
    );
}

export function TraceLink(props: { trace: string | undefined | null }) {
    if (!props.trace) return <span>–</span>;
    return (
        <a class="mono" href={`#/traces/${props.trace}`} title={`Trace ${props.trace}`}>
            {props.trace.slice(0, 8)}
        </a>
    );
}
