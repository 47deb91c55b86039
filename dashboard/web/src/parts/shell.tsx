import { lazy, Suspense } from 'preact/compat';

import { link, paused } from '../lib/live';
import { place } from '../lib/route';
import { session } from '../lib/session';
import { pages } from './pages';

const parts = new Map(pages.map((p) => [p.name, lazy(p.load)]));

function Navigation() {
    const here = place.value.path[0] ?? 'overview';
    const shown = pages.filter((p) => session.value?.pages.includes(p.name));
    return (
        <nav aria-label="Pages">
            {shown.map((p) => (
                <a href={`#/${p.name}`} aria-current={p.name === here ? 'page' : undefined}>
                    {p.title}
                </a>
            ))}
        </nav>
    );
}

export function Shell() {
    const Part = parts.get(place.value.path[0] ?? 'overview');
    return (
        <div class="shell">
            <header class="top">
                <strong>{session.value?.service}</strong>
                <span class="environment">{session.value?.environment}</span>
                <span class={`link ${link.value}`}>{link.value}</span>
                <button aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>
                    Pause
                </button>
            </header>
            <Navigation />
            <main id="main">
                <Suspense fallback={<p>…</p>}>{Part ? <Part /> : <p>There is no such page.</p>}</Suspense>
            </main>
        </div>
    );
}
