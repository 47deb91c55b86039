// How much each module says, and more of it for a while.

import { useState } from 'preact/hooks';

import { useLoad } from '../../lib/load';
import { Action, mayOperate } from '../../parts/actions';
import { Badge, Facts, Problem, Skeleton, Time } from '../../parts/basics';
import { Dialog } from '../../parts/dialog';
import { Table } from '../../parts/table';
import { cli } from '../queues/model';
import { levels, tones, type Level } from './model';

interface Change {
    module: string;
    level: Level;
    until: number;
    by: string;
}

interface Levels {
    level: Level;
    modules: readonly { module: string; level: Level }[];
    changed: readonly Change[];
    known: readonly string[];
}

const times = [
    [5, '5 minutes'],
    [10, '10 minutes'],
    [60, 'an hour'],
    [480, '8 hours'],
] as const;

function Order(props: { known: readonly string[]; then: () => void }) {
    const [module, setModule] = useState('');
    const [to, setTo] = useState<Level>('debug');
    const [minutes, setMinutes] = useState(10);
    const of = module.trim() || 'everything';
    return (
        <div class="row order">
            <label class="field grow">
                <span>Module (empty: everything)</span>
                <input list="modules" value={module} maxLength={200} onInput={(e) => setModule(e.currentTarget.value)} autocomplete="off" />
                <datalist id="modules">
                    {props.known.map((m) => (
                        <option value={m} />
                    ))}
                </datalist>
            </label>
            <label class="field">
                <span>Says from</span>
                <select value={to} onChange={(e) => setTo(e.currentTarget.value as Level)}>
                    {levels.map((l) => (
                        <option>{l}</option>
                    ))}
                </select>
            </label>
            <label class="field">
                <span>For</span>
                <select value={minutes} onChange={(e) => setMinutes(Number(e.currentTarget.value))}>
                    {times.map(([n, words]) => (
                        <option value={n}>{words}</option>
                    ))}
                </select>
            </label>
            <Action
                primary
                deed={{
                    method: 'PUT',
                    path: 'logs/levels',
                    body: { module: module.trim(), to, minutes },
                    done: `Until it goes back by itself, ${of} logs from ${to} on.`,
                    cli: cli('infra', 'levels', to, ...(module.trim() ? ['--module', module.trim()] : []), '--for', `${minutes}m`),
                }}
                then={props.then}
            >
                Change
            </Action>
        </div>
    );
}

export function LevelsDialog(props: { close: () => void }) {
    const loaded = useLoad<Levels>('logs/levels');
    const now = loaded.value;
    return (
        <Dialog title="Levels of the log" close={props.close}>
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {!now && !loaded.failure && <Skeleton rows={4} panel={false} />}
                {now && (
                    <Facts
                        of={[
                            ['In general', <Badge tone={tones[now.level]}>{now.level}</Badge>],
                            ...now.modules.map((m) => [m.module, <Badge tone={tones[m.level]}>{m.level}</Badge>] as const),
                        ]}
                    />
                )}
                {now && now.changed.length > 0 && (
                    <>
                        <Table
                            label="Changed for a while"
                            rows={now.changed}
                            keyOf={(c) => c.module}
                            columns={[
                                { title: 'Module', cell: (c) => c.module || 'everything' },
                                { title: 'Says from', cell: (c) => c.level },
                                { title: 'Goes back', cell: (c) => <Time at={c.until} relative /> },
                                { title: 'By', cell: (c) => c.by },
                            ]}
                        />
                        <div class="row">
                            <Action deed={{ method: 'DELETE', path: 'logs/levels', done: 'Levels are as the service was told.', cli: 'infra levels --undo' }} then={loaded.again}>
                                Undo all changes
                            </Action>
                        </div>
                    </>
                )}
                {now && mayOperate() && <Order known={now.known} then={loaded.again} />}
                <p class="muted small">A change ends by itself, and with the service. It is written into the record of actions.</p>
            </div>
        </Dialog>
    );
}
