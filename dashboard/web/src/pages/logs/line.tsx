// One line, whole, and what was said before and after it.

import { useEffect, useRef, useState } from 'preact/hooks';

import { segment } from '../../lib/api';
import { useLoad } from '../../lib/load';
import * as words from '../../lib/words';
import { Badge, Facts, Problem, Skeleton } from '../../parts/basics';
import { CopyButton, Id } from '../../parts/copy';
import { Drawer } from '../../parts/dialog';
import { Code, Json } from '../../parts/json';
import { fieldsOf, linesWith, tones, type Line } from './model';

export const thousandths = (ms: number): string => '.' + String(ms % 1000).padStart(3, '0');
export const time = (ms: number): string => words.clock(ms) + thousandths(ms);

function Around(props: { id: number }) {
    const loaded = useLoad<{ items: readonly Line[] }>(`logs/${props.id}/around`, { lines: 20 });
    const at = useRef<HTMLLIElement>(null);
    useEffect(() => at.current?.scrollIntoView({ block: 'center' }), [loaded.value]);
    if (!loaded.value) return loaded.failure ? <Problem failure={loaded.failure} /> : <Skeleton rows={8} panel={false} />;
    return (
        <ol class="around" aria-label="Lines around this one" tabIndex={0}>
            {loaded.value.items.map((line) => (
                <li ref={line.id === props.id ? at : null} class={`${tones[line.level]} ${line.id === props.id ? 'at' : ''}`} aria-current={line.id === props.id ? 'true' : undefined}>
                    <span class="muted">{time(line.at)}</span> {line.level} {line.module && <span class="muted">{line.module}</span>} {line.message}
                    <span class="muted">{fieldsOf(line)}</span>
                </li>
            ))}
        </ol>
    );
}

export function LineDrawer(props: { line: Line; close: () => void }) {
    const [around, setAround] = useState(false);
    const whole = useLoad<Line>(props.line.cut ? `logs/${segment(String(props.line.id))}` : undefined);
    const line = whole.value ?? props.line;
    const { trace } = line;
    return (
        <Drawer
            title="Line of the log"
            close={props.close}
            foot={
                <>
                    <button aria-pressed={around} onClick={() => setAround(!around)}>
                        20 lines around it
                    </button>
                    {trace && (
                        <a class="button" href={`#/traces/${trace}`} onClick={props.close}>
                            Its trace
                        </a>
                    )}
                    {trace && (
                        <a class="button" href={linesWith({ trace })} onClick={props.close}>
                            All lines of the trace
                        </a>
                    )}
                    <CopyButton text={JSON.stringify(line)}>Copy as JSON</CopyButton>
                </>
            }
        >
            <div class="stack">
                <Facts
                    of={[
                        ['Level', <Badge tone={tones[line.level]}>{line.level}</Badge>],
                        ['Time', words.date(line.at) + thousandths(line.at)],
                        line.module !== '' && ['Module', <a href={linesWith({ module: line.module })} onClick={props.close}>{line.module}</a>],
                        trace !== undefined && ['Trace', <Id>{trace}</Id>],
                        line.source !== undefined && ['Source', <span class="mono">{line.source}</span>],
                        line.sequence !== undefined && ['Number', String(line.sequence)],
                        line.left_out !== undefined && ['Left out', `${line.left_out} fields`],
                    ]}
                />
                <Code label="Message" text={line.message} />
                {Object.keys(line.fields).length > 0 && <Json label="Fields" value={line.fields} />}
                <Problem failure={whole.failure} />
                {around && <Around id={line.id} />}
            </div>
        </Drawer>
    );
}
