// One span, with all that it says of itself.

import { useLoad } from '../../lib/load';
import * as words from '../../lib/words';
import { Badge, Facts, Problem } from '../../parts/basics';
import { Id, TraceLink } from '../../parts/copy';
import { Drawer } from '../../parts/dialog';
import { Code, Json } from '../../parts/json';
import type { Span } from './model';

export function SpanDrawer(props: { trace: string; span: Span; beyond: number | undefined; close: () => void }) {
    const whole = useLoad<Span>(props.span.cut ? `traces/${props.trace}/spans/${props.span.id}` : undefined);
    const span = whole.value ?? props.span;
    const state = span.failed ? <Badge tone="bad">failed</Badge> : span.open ? <Badge tone="busy">not ended</Badge> : <Badge tone="good">ended</Badge>;
    return (
        <Drawer title={span.name} close={props.close}>
            <div class="stack">
                <Facts
                    of={[
                        ['State', state],
                        ['Took', words.span(span.us / 1000)],
                        span.children > 0 && ['Of its own', words.span(span.own / 1000)],
                        ['Began after', words.span(span.start / 1000)],
                        props.beyond !== undefined && ['Goes on after its parent', `for ${words.span(props.beyond / 1000)}: that did not wait for it`],
                        ['Kind', span.kind + (span.remote ? ', called from another process' : '')],
                        ['Held up the whole', span.critical ? 'yes: it is on the critical path' : 'no'],
                        ['Span', <Id>{span.id}</Id>],
                        span.dropped !== undefined && ['Left out', `${span.dropped} attributes, events or links were too many`],
                    ]}
                />
                {span.error !== undefined && <Code label="Error" text={span.error} />}
                {Object.keys(span.attributes).length > 0 && <Json label="Attributes" value={span.attributes} />}
                {span.events.length > 0 && (
                    <section class="stack" aria-label="Events">
                        <h3>Events</h3>
                        {span.events.map((e) => (
                            <div class="stack">
                                <span>
                                    {e.name} <span class="muted small">after {words.span(e.at / 1000)}</span>
                                </span>
                                {Object.keys(e.attributes).length > 0 && <Json label={`Attributes of ${e.name}`} value={e.attributes} />}
                            </div>
                        ))}
                    </section>
                )}
                {span.links.length > 0 && (
                    <section class="stack" aria-label="Links">
                        <h3>Belongs together with</h3>
                        {span.links.map((l) => (
                            <span>
                                <TraceLink trace={l.trace} /> <span class="muted small mono">{l.span}</span>
                            </span>
                        ))}
                    </section>
                )}
                <Problem failure={whole.failure} />
            </div>
        </Drawer>
    );
}
