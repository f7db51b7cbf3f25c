// A file of 3 GB: flat memory, every byte right, and a resume at 90 %.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Endless, World, until } from './world.mjs';

const SIZE = 3_000_000_000;
const MIB = 1024 * 1024;
let world;
before(async () => (world = await World.open({ bucket: false })));
after(() => world.close());

/** The resident memory of the runtime that this process started, in bytes, and the CPU time that it used, in seconds; none where there is no /proc. */
async function runtime() {
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^[0-9]+$/.test(name));
  for (const name of processes) {
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    if (!/^Name:\tworkerd$/m.test(status) || Number(/^PPid:\t([0-9]+)$/m.exec(status)?.[1]) !== process.pid) continue;
    const fields = (await readFile(`/proc/${name}/stat`, 'utf8')).split(') ')[1].split(' ');
    return { memory: Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)[1]) * 1024, cpu: (Number(fields[11]) + Number(fields[12])) / 100 };
  }
  return undefined;
}

test('a large file', async (context) => {
  const content = new Endless(SIZE);
  const link = await world.mint({ bucket: false, content });
  const expected = createHash('sha256');
  for (const part of content.parts(0, SIZE)) expected.update(part);
  const browser = world.browser();
  const place = await browser.claim(link);
  const before = await runtime();
  let most = 0;
  const watch = setInterval(async () => (most = Math.max(most, (await runtime())?.memory ?? 0)), 200);

  const hash = createHash('sha256');
  let at = 0;
  const started = Date.now();
  const take = async (answer, wanted) => {
    answer.on('error', () => {});
    for await (const chunk of answer) {
      const part = chunk.subarray(0, wanted - at);
      hash.update(part);
      at += part.length;
      if (at >= wanted) break;
    }
    answer.destroy();
  };
  const first = await browser.open('GET', place);
  assert.equal(first.headers['content-length'], String(SIZE));
  await take(first, Math.floor(SIZE * 0.9));
  await until(() => world.store.kinds(link.purchase).at(-1) === 'interrupted', 'the broken line to be noticed');
  const asked = world.store.served;
  assert.ok(asked <= 45, `${asked} requests to the server for one stream: the free plan has 50`);
  const rest = await browser.open('GET', place, { range: `bytes=${at}-`, 'if-range': first.headers.etag });
  assert.deepEqual([rest.status, rest.headers['content-range']], [206, `bytes ${at}-${SIZE - 1}/${SIZE}`]);
  await take(rest, SIZE);
  clearInterval(watch);
  const seconds = (Date.now() - started) / 1000;
  const after = await runtime();

  assert.equal(at, SIZE);
  assert.equal(hash.digest('hex'), expected.digest('hex'));
  await until(() => ['delivered', 'completed'].includes(world.store.kinds(link.purchase).at(-1)), 'the end');
  assert.ok(world.store.states.get(`${link.purchase}/1`).charged <= 2 * SIZE - 1);
  if (!before || !after) return;
  const grown = (most - before.memory) / MIB;
  context.diagnostic(
    `${SIZE / 1e9} GB in ${seconds.toFixed(1)} s; the runtime's memory grew by ${grown.toFixed(0)} MiB at most to ${(most / MIB).toFixed(0)} MiB, and it used ${(after.cpu - before.cpu).toFixed(1)} s of CPU; ${asked} requests to the server for the first 90 %`,
  );
  assert.ok(grown < 256, `${grown} MiB`);
});
