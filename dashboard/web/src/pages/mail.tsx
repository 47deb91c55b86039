// Mail: what lies in the outbox, what was sent lately, and templates.

import { lazy } from 'preact/compat';

import { useLoad } from '../lib/load';
import { place, to } from '../lib/route';
import { Heading, Notice, Problem, Skeleton } from '../parts/basics';
import { Tabs } from '../parts/choose';
import type { About } from './mail/model';
import { Outbox } from './mail/outbox';

const MailView = lazy(() => import('./mail/mail').then((m) => ({ default: m.MailView })));
const SentLately = lazy(() => import('./mail/sent').then((m) => ({ default: m.SentLately })));
const Templates = lazy(() => import('./mail/templates').then((m) => ({ default: m.Templates })));

type View = 'outbox' | 'sent' | 'templates';

export default function MailPage() {
    const { path, query } = place.value;
    const about = useLoad<About>('mail');
    if (path[1] !== undefined) return <MailView id={path[1]} />;
    const view = (query.get('view') ?? (about.value?.outbox === null ? 'sent' : 'outbox')) as View;
    return (
        <>
            <Heading title="Mail" />
            <Tabs<View>
                label="Of mail"
                at={view}
                to={(key) => to(['mail'], { view: key })}
                tabs={[
                    { key: 'outbox', title: 'Outbox' },
                    { key: 'sent', title: 'Sent lately' },
                    { key: 'templates', title: 'Templates' },
                ]}
            />
            <div class="stack">
                <Problem failure={about.failure} again={about.again} />
                {!about.value && !about.failure && <Skeleton rows={8} />}
                {about.value && view === 'outbox' && (about.value.outbox === null ? <Notice>Mail goes to {about.value.transport}, which keeps none that can be shown here.</Notice> : <Outbox directory={about.value.outbox} />)}
                {about.value && view === 'sent' && <SentLately about={about.value} />}
                {about.value && view === 'templates' && <Templates directory={about.value.templates} />}
            </div>
        </>
    );
}
