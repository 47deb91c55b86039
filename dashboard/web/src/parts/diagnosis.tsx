// When the page cannot work: what is known of why, what to look at, and until when we try again by ourselves.

import { useEffect, useState } from 'preact/hooks';

import { trouble, type Trouble } from '../lib/api';
import { heal, session } from '../lib/session';
import * as words from '../lib/words';
import { Command } from './copy';

// Seconds until the next look: soon at first, then every ten.
const pauses = [1, 1, 2, 3, 5, 10];

function Away(props: { of: Trouble }) {
    const [tries, setTries] = useState(0);
    const [left, setLeft] = useState(1);
    const look = () => void heal().then((well) => well || setTries((n) => n + 1));
    useEffect(() => setLeft(pauses[Math.min(tries, pauses.length - 1)]!), [tries]);
    useEffect(() => {
        const tick = window.setInterval(() => setLeft((n) => n - 1), 1000);
        return () => window.clearInterval(tick);
    }, []);
    useEffect(() => {
        if (left === 0) look();
    }, [left]);
    return (
        <section class="diagnosis stack">
            <div class="stack" role="alert">
                <h1 tabIndex={-1}>{session.value?.service ?? 'The service'} does not answer</h1>
                <p>
                    Since {words.clock(props.of.since)}: {props.of.message}. It may be starting, have ended, or be out of reach from here. This page comes back by itself.
                </p>
            </div>
            <ol>
                <li>
                    Is it running? <Command cli={`systemctl status ${session.value?.service ?? 'the-service'}`} />
                </li>
                <li>
                    Does it answer? <Command cli={`curl -i ${location.origin}/health`} />
                </li>
                <li>
                    What does it need? <Command cli="infra doctor" />
                </li>
            </ol>
            <p class="row">
                <button class="primary" onClick={look}>
                    Try now
                </button>
                <span class="muted">
                    {left > 0 ? `again in ${left} s` : 'trying …'}
                </span>
            </p>
        </section>
    );
}

function Denied() {
    useEffect(() => {
        const look = () => void heal(); // somebody may have logged in beside us
        window.addEventListener('focus', look);
        return () => window.removeEventListener('focus', look);
    }, []);
    return (
        <section class="diagnosis stack">
            <h1 tabIndex={-1}>Log in</h1>
            <p>The service has printed a link to log in with when it started, in its terminal and never in a log. It is good once; whoever starts the service anew gets another.</p>
            <form action="login" method="get">
                <label class="field grow">
                    <span>What stands after “token=” in the link</span>
                    <input name="token" type="password" autocomplete="off" required />
                </label>
                <button class="primary">Log in</button>
            </form>
        </section>
    );
}

export function Diagnosis() {
    const now = trouble.value;
    if (!now) return null;
    if (now.kind === 'away') return <Away of={now} />;
    if (now.kind === 'denied') return <Denied />;
    return (
        <section class="diagnosis stack">
            <h1 tabIndex={-1}>Not for you</h1>
            <p>{now.message} Whoever runs the service decides who may look at it.</p>
        </section>
    );
}
