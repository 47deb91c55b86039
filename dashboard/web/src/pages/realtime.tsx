// Realtime: channels, what is said in them, and who is connected.

import { lazy } from 'preact/compat';
import { useState } from 'preact/hooks';

import { useLive } from '../lib/live';
import { useLoad } from '../lib/load';
import { place, to } from '../lib/route';
import * as words from '../lib/words';
import { Heading, Problem } from '../parts/basics';
import { Tabs } from '../parts/choose';
import { ChannelList } from './realtime/channels';
import type { About } from './realtime/model';

const ChannelView = lazy(() => import('./realtime/channel').then((m) => ({ default: m.ChannelView })));
const Connections = lazy(() => import('./realtime/connections').then((m) => ({ default: m.Connections })));

type View = 'channels' | 'connections';

export default function Realtime() {
    const { path, query } = place.value;
    const name = path[1];
    const loaded = useLoad<About>(name === undefined ? 'realtime' : undefined);
    const [live, setLive] = useState<About>();
    useLive<About>(name === undefined ? 'realtime' : undefined, setLive);
    if (name !== undefined) return <ChannelView name={name} />;
    const about = live ?? loaded.value;
    const view: View = query.get('view') === 'connections' ? 'connections' : 'channels';
    return (
        <>
            <Heading title="Realtime" />
            <Tabs<View>
                label="Of realtime"
                at={view}
                to={(key) => to(['realtime'], key === 'channels' ? {} : { view: key })}
                tabs={[
                    { key: 'channels', title: 'Channels' },
                    { key: 'connections', title: 'Connections', count: about?.clients },
                ]}
            />
            <div class="stack">
                <Problem failure={loaded.failure} again={loaded.again} />
                {view === 'connections' ? <Connections /> : <ChannelList />}
                {about && (
                    <p class="muted small">
                        Of this node, which may have {words.count(about.max_clients)} clients; messages go by {about.kept_in}.
                    </p>
                )}
            </div>
        </>
    );
}
