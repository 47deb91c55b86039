import { render } from 'preact';

import { heal } from './lib/session';
import './lib/theme';
import { Shell } from './parts/shell';
import './style.css';

// Where it fails, the shell says why, and asks again.
void heal().then(() => render(<Shell />, document.getElementById('app')!));
