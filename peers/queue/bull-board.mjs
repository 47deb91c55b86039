// node bull-board.mjs JOBS: bull-board before a Redis with so many waiting jobs; says {"url"} and ends with its standard input. For ./bench dashboard.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';

const jobs = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'infra-bull-board-'));
const socket = join(folder, 'redis.sock');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], { stdio: 'ignore' });
process.on('exit', () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
});
process.stdin.on('end', () => process.exit()).resume();

const connection = new Redis({ path: socket, maxRetriesPerRequest: null, retryStrategy: () => 100 });
connection.on('error', () => {}); // until it listens
await new Promise((ready) => connection.once('ready', ready));
const queue = new Queue('backlog', { connection });
for (let begun = 0; begun < jobs; begun += 1000)
    await queue.addBulk(Array.from({ length: Math.min(1000, jobs - begun) }, (_, i) => ({ name: 'print-label', data: { order: begun + i, customer: `customer-${i % 997}` } })));

const ui = new ExpressAdapter();
ui.setBasePath('/ui');
createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter: ui });
const app = express();
app.use('/ui', ui.getRouter());
const listening = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${listening.address().port}/ui/` })));
