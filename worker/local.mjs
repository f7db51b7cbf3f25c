// Runs the built Worker on this machine, for `script/worker dev` and for tests of the server.
//
// Environment: PORT (any), STORE_URL, ORIGIN_URL, CLOUDFLARE_WORKER_SECRET, CLOUDFLARE_WORKER_SECRET_PREVIOUS, TIME_OFFSET_MS,
// PERSIST (folder; its content outlives this program), BUCKET ("false": no R2), VERBOSE ("true").
// It prints `ready http://127.0.0.1:PORT`, then answers each line of JSON on standard input with one line of JSON:
//   {"do":"offset","ms":N}                       starts anew with the clock set forward by N ms in all
//   {"do":"restart"}                             starts anew: nothing is left in memory
//   {"do":"secret","current":S,"previous":S}     starts anew with other secrets
//   {"do":"put","key":K,"path":P}                puts a local file into the bucket
//   {"do":"stop"}                                ends; so does the end of standard input, when that is a pipe
import { fstatSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Runtime } from './runtime.mjs';

const { env } = process;
const persist = env.PERSIST ? resolve(env.PERSIST) : await mkdtemp(join(tmpdir(), 'khazna-worker-'));
const names = ['STORE_URL', 'ORIGIN_URL', 'CLOUDFLARE_WORKER_SECRET', 'CLOUDFLARE_WORKER_SECRET_PREVIOUS', 'TIME_OFFSET_MS'];
const runtime = new Runtime({
  bindings: Object.fromEntries(names.map((name) => [name, env[name]])),
  port: Number(env.PORT ?? 0),
  persist,
  bucket: env.BUCKET !== 'false',
  verbose: env.VERBOSE === 'true',
});

const commands = {
  offset: ({ ms }) => runtime.restart({ TIME_OFFSET_MS: String(ms) }),
  restart: () => runtime.restart(),
  secret: ({ current, previous }) => runtime.restart({ CLOUDFLARE_WORKER_SECRET: current, CLOUDFLARE_WORKER_SECRET_PREVIOUS: previous }),
  put: ({ key, path }) => runtime.put(key, path),
};

async function stop() {
  await runtime.stop();
  if (!env.PERSIST) await rm(persist, { recursive: true, force: true });
  process.exit(0);
}
process.on('SIGINT', stop).on('SIGTERM', stop);

console.log(`ready ${await runtime.start()}`);
let stopped = false;
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  if (line.trim() === '') continue;
  try {
    const command = JSON.parse(line);
    if (command.do === 'stop') {
      console.log(JSON.stringify({ ok: true }));
      stopped = true;
      break;
    }
    if (!Object.hasOwn(commands, command.do)) throw new Error(`no command '${command.do}'`);
    console.log(JSON.stringify({ ok: true, result: await commands[command.do](command) }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error.message ?? error) }));
  }
}
// Whoever holds the other end of a pipe is gone. A terminal or no input at all, as under a service, is no reason to end.
const input = fstatSync(0);
if (stopped || input.isFIFO() || input.isSocket()) await stop();
