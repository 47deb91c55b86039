// Ctrl-K: to any page, to what was looked at last, and to whatever an id that is pasted belongs to.

import { useState } from 'preact/hooks';

import { go, recent } from '../lib/route';
import { session } from '../lib/session';
import { Dialog } from './dialog';
import { finders } from './finders';
import { Icon, type IconName } from './icons';
import { pages } from './pages';

export interface Command {
    title: string;
    key: string;
    icon: IconName;
    run: () => void;
}

interface Entry {
    title: string;
    says: string;
    icon: IconName;
    run: () => void;
}

function entries(typed: string, commands: readonly Command[]): readonly Entry[] {
    const here = session.value?.pages ?? [];
    const wanted = typed.toLowerCase();
    const fits = (title: string) => title.toLowerCase().includes(wanted);
    const found: Entry[] = [
        ...pages.filter((p) => here.includes(p.name)).map((p) => ({ title: p.title, says: `g ${p.key}`, icon: p.name as IconName, run: () => go(`#/${p.name}`) })),
        ...commands.map((c) => ({ title: c.title, says: c.key, icon: c.icon, run: c.run })),
        ...recent.value.map((v) => ({ title: v.title, says: 'looked at', icon: 'next' as const, run: () => go(v.href) })),
    ].filter((e) => fits(e.title));
    if (!typed) return found;
    const finding = finders.flatMap((f) => {
        const to = here.includes(f.page) ? f.to(typed) : undefined;
        return to === undefined ? [] : [{ title: f.title(typed), says: 'look for it', icon: f.page as IconName, run: () => go(to) }];
    });
    return /^[0-9a-f]{32}$/i.test(typed) ? [...finding, ...found] : [...found, ...finding];
}

export function Palette(props: { commands: readonly Command[]; close: () => void }) {
    const [typed, setTyped] = useState('');
    const [at, setAt] = useState(0);
    const shown = entries(typed.trim(), props.commands);
    const run = (entry: Entry | undefined) => {
        if (!entry) return;
        props.close();
        setTimeout(entry.run); // when the focus is back
    };
    const pressed = (event: KeyboardEvent) => {
        const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        if (by) setAt((at + by + shown.length) % Math.max(1, shown.length));
        else if (event.key === 'Enter') run(shown[at]);
        else return;
        event.preventDefault();
    };
    return (
        <Dialog title="Go to" class="palette" close={props.close} bare>
            <input
                role="combobox"
                aria-label="Go to a page, or look for an id"
                aria-expanded="true"
                aria-controls="palette"
                aria-activedescendant={shown.length ? `palette-${at}` : undefined}
                placeholder="A page, a command, a job’s or trace’s id …"
                value={typed}
                onInput={(event) => {
                    setTyped(event.currentTarget.value);
                    setAt(0);
                }}
                onKeyDown={pressed}
                autocomplete="off"
                spellcheck={false}
                autofocus
            />
            <ul role="listbox" id="palette" aria-label="Where to">
                {shown.map((entry, i) => (
                    <li role="option" id={`palette-${i}`} key={entry.title} aria-selected={i === at} onClick={() => run(entry)} onPointerMove={() => setAt(i)}>
                        <Icon name={entry.icon} />
                        <span class="clip">{entry.title}</span>
                        <span class="muted small">{entry.says}</span>
                    </li>
                ))}
                {shown.length === 0 && (
                    <li role="option" aria-selected="false" aria-disabled="true">
                        Nothing is called that.
                    </li>
                )}
            </ul>
        </Dialog>
    );
}
