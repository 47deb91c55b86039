import { render } from 'preact';

import { Failure } from './lib/api';
import { begin } from './lib/session';
import { Shell } from './parts/shell';
import './style.css';

const root = document.getElementById('app')!;

begin()
    .then(() => render(<Shell />, root))
    .catch((error: unknown) => {
        const denied = error instanceof Failure && (error.status === 401 || error.status === 403);
        render(<p class="problem">{denied ? 'You are not logged in. The link to log in with was printed when the service started.' : String(error)}</p>, root);
    });
