// Is it well, and if not, why? One look, one click to the cause.

import { useState } from 'preact/hooks';

import { useLive } from '../lib/live';
import { useLoad } from '../lib/load';
import type { News, Overview as Document } from '../lib/overview';
import { rangeMs } from '../lib/range';
import { session } from '../lib/session';
import { Heading, Panel, Problem, Skeleton } from '../parts/basics';
import { Concerns } from './overview/concerns';
import { Feed } from './overview/feed';
import { Figures } from './overview/figures';
import { Slowest } from './overview/slowest';
import { Status } from './overview/status';

const nothing: readonly News[] = [];

export default function Overview() {
    const seconds = rangeMs.value / 1000;
    const loaded = useLoad<Document>('overview', { seconds });
    const [live, setLive] = useState<{ of: Document | undefined; now: Document }>();
    useLive<Document>(`overview?seconds=${seconds}`, (now) => setLive({ of: loaded.value, now }));
    // What came by the stream is newer than what was asked for, until it is asked for again. Lines of the past come with the latter alone.
    const now = live && live.of === loaded.value ? { ...loaded.value, ...live.now } : loaded.value;
    return (
        <>
            <Heading title="Overview" />
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {now ? (
                    <>
                        <Status of={now} />
                        <Figures of={now.figures} before={loaded.value?.figures ?? []} />
                        <div class="columns">
                            <div class="stack">
                                <Panel title="Needs attention" flush>
                                    <Concerns of={now.concerns} then={loaded.again} />
                                </Panel>
                                {now.slowest && session.value?.pages.includes('traces') && (
                                    <Panel title="Slowest traces" flush tools={<a href="#/traces?sort=slowest">All traces</a>}>
                                        <Slowest of={now.slowest} />
                                    </Panel>
                                )}
                            </div>
                            <Feed news={loaded.value?.feed ?? nothing} />
                        </div>
                    </>
                ) : (
                    !loaded.failure && <Skeleton rows={12} />
                )}
            </div>
        </>
    );
}
