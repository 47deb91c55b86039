import type { Overview } from '../../lib/overview';
import { clock, date, whole } from '../../lib/words';
import { Icon, type IconName } from '../../parts/icons';

const looks: Record<Overview['status'], { tone: string; icon: IconName; word: string }> = {
    healthy: { tone: 'good', icon: 'tick', word: 'Healthy' },
    degraded: { tone: 'warn', icon: 'warning', word: 'Degraded' },
    unhealthy: { tone: 'bad', icon: 'cross', word: 'Failing' },
};

export function Status(props: { of: Overview }) {
    const { status, causes, concerns, since } = props.of;
    const look = looks[status] ?? looks.unhealthy;
    return (
        <section class={`status ${look.tone}`} aria-label="State of the service">
            <strong role="status">
                <Icon name={look.icon} />
                {look.word}
            </strong>
            <span class="causes">
                {causes.map((cause, i) => (
                    <>
                        {i > 0 && ' · '}
                        <a href={cause.link || '#/health'}>{cause.check}: {cause.text}</a>
                    </>
                ))}
                {causes.length === 0 && <span class="muted">{status !== 'healthy' ? 'No cause is known.' : concerns.length > 0 ? 'No check fails; what needs attention is below.' : 'No check fails, and nothing needs attention.'}</span>}
            </span>
            {since !== null && (
                <span class="muted small">
                    since <time dateTime={new Date(since).toISOString()} title={date(since)}>{clock(since)}</time>, {whole(Date.now() - since)}
                </span>
            )}
            <a href="#/health">Health</a>
        </section>
    );
}
