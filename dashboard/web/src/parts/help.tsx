// `?`: which keys there are.

import { session } from '../lib/session';
import { Dialog } from './dialog';
import { pages } from './pages';

const general = [
    ['Ctrl K', 'go to anything'],
    ['/', 'filter'],
    ['r', 'look again'],
    ['p', 'pause, go on'],
    ['t', 'light, dark'],
    ['?', 'these keys'],
    ['Esc', 'close'],
] as const;
const rows = [
    ['j k', 'next, previous row'],
    ['x', 'choose a row'],
    ['Shift x', 'choose up to here'],
    ['Enter', 'open it'],
] as const;

function Keys(props: { title: string; of: readonly (readonly [string, string])[] }) {
    return (
        <section class="stack">
            <h3>{props.title}</h3>
            <div class="keys">
                {props.of.map(([keys, what]) => (
                    <div>
                        <span>{what}</span>
                        <span class="row">
                            {keys.split(' ').map((k) => (
                                <kbd>{k}</kbd>
                            ))}
                        </span>
                    </div>
                ))}
            </div>
        </section>
    );
}

export function Help(props: { close: () => void }) {
    const shown = pages.filter((p) => session.value?.pages.includes(p.name));
    return (
        <Dialog title="Keys" close={props.close}>
            <div class="stack">
                <Keys title="Everywhere" of={general} />
                <Keys title="In lists" of={rows} />
                <Keys title="Pages" of={shown.map((p) => [`g ${p.key}`, p.title] as const)} />
            </div>
        </Dialog>
    );
}
