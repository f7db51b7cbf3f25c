// What a download costs, counted on the real runtime: requests to the Worker, requests to objects (alarms are some), rows written
// (https://developers.cloudflare.com/durable-objects/platform/pricing/: a put, a setAlarm and a deleted row are one each).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, World, until } from './world.mjs';

/** The free plan's requests, of Workers and of objects each, and rows, a day. */
const FREE = 100_000;
const DOWNLOADS = 10_000;
const MIB = 1024 * 1024;

/** The built Worker with a counter around everything that is paid for. */
const COUNTING = `
  import { WorkerEntrypoint } from 'cloudflare:workers';
  import Worker, { PurchaseObject as Inner } from './index.js';
  const none = () => ({ worker: 0, object: 0, alarms: 0, rows: 0, bucket: 0, bytes: 0 });
  let counts = none();
  const read = ReadableStreamDefaultReader.prototype.read;
  ReadableStreamDefaultReader.prototype.read = async function () {
    const chunk = await read.call(this);
    counts.bytes += chunk.value?.byteLength ?? 0;
    return chunk;
  };
  const around = (target, hooks) => new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (hooks[name]) return hooks[name](value);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const paid = (target, rows) => (call) => (...given) => { counts.rows += rows(target); return call.apply(target, given); };
  const counted = (context) => around(context, {
    storage: (storage) => around(storage, {
      put: paid(storage, () => 1), delete: paid(storage, () => 1), setAlarm: paid(storage, () => 1),
      deleteAll: paid(storage, () => [...storage.kv.list()].length),
      sql: () => { throw new Error('rows written by SQL are not counted here'); },
      transaction: () => { throw new Error('rows written in a transaction are not counted here'); },
    }),
  });
  export class PurchaseObject {
    constructor(context, env) { this.inner = new Inner(counted(context), env); }
    fetch(request) { counts.object += 1; return this.inner.fetch(request); }
    alarm() { counts.object += 1; counts.alarms += 1; return this.inner.alarm(); }
  }
  export default class extends WorkerEntrypoint {
    async fetch(request) {
      if (new URL(request.url).pathname === '/counts') {
        const told = counts;
        if (request.method === 'POST') counts = none();
        return Response.json(told);
      }
      counts.worker += 1;
      const env = this.env.FILES ? { ...this.env, FILES: around(this.env.FILES, { get: (get) => (...given) => { counts.bucket += 1; return get.apply(this.env.FILES, given); } }) } : this.env;
      return await new Worker(this.ctx, env).fetch(request);
    }
  }
`;

let world;
before(async () => (world = await World.open({ script: COUNTING })));
after(() => world.close());

const counts = async (method = 'GET') => await (await fetch(`${world.url}/counts`, { method })).json();
const add = (one, other) => Object.fromEntries(Object.keys(one).map((name) => [name, one[name] + other[name]]));

/** Press, page, claim, file (with one line that breaks and one resume, or without), records, clean-up. */
async function wholeLife({ size, breaks }) {
  const link = await world.mint({ size });
  await counts('POST');
  // The press: the server asks whether the Worker is there.
  assert.equal((await world.call(link.purchase)).status, 200);
  const browser = world.browser();
  assert.equal((await browser.send('GET', link.path)).status, 200);
  const place = await browser.claim(link);
  if (breaks) {
    const first = await browser.send('GET', place, { range: `bytes=0-${Math.floor(size / 2) - 1}` });
    const rest = await browser.send('GET', place, { range: `bytes=${first.body.length}-` });
    assert.ok(Buffer.concat([first.body, rest.body]).equals(link.content));
  } else {
    assert.ok((await browser.send('GET', place)).body.equals(link.content));
  }
  await until(() => world.store.kinds(link.purchase).at(-1) === 'completed', 'the records');
  let spent = await counts();
  // Five minutes later the object looks whether anything is still owed; a day after the link's end it forgets everything.
  // The clock is set forward, and what a look at the page costs, which wakes the object up, is taken off.
  for (const [ms, goal] of [[6 * 60_000, 'the look after what is owed'], [DAY + DAY / 4, 'the end']]) {
    await world.pass(ms);
    await browser.send('GET', link.path);
    const after = await until(async () => { const now = await counts(); return now.alarms > 0 && now; }, goal);
    await new Promise((go) => setTimeout(go, 300));
    const settled = await counts();
    assert.equal(settled.alarms, after.alarms);
    spent = add(spent, { ...settled, worker: settled.worker - 1, object: settled.object - 1 });
    // Only the clock of these tests makes the alarm be set again; on a real clock it would simply have gone off.
    spent.rows -= 1;
  }
  return spent;
}

for (const [name, size, breaks, limit] of [
  ['a file of 3 MB, with one resume', 3 * MIB, true, 10],
  ['a file of 3 MB', 3 * MIB, false, 10],
  ['a file of 100 MB', 100 * MIB, false, undefined],
  ['a file of 300 MB', 300 * MIB, false, undefined],
]) {
  test(`the cost of ${name}`, async (context) => {
    const spent = await wholeLife({ size, breaks });
    context.diagnostic(
      `${name}: ${spent.worker} requests to the Worker, ${spent.object} to its object (${spent.alarms} of them alarms), ${spent.rows} rows written, ` +
        `${spent.bucket} reads of the bucket; ${spent.bytes} bytes passed through the program`,
    );
    assert.ok(spent.bytes < 128 * 1024, 'the runtime alone moves the file: the program reads messages only');
    if (limit) {
      for (const part of ['worker', 'object', 'rows']) {
        assert.ok(spent[part] * DOWNLOADS <= FREE && spent[part] <= limit, `${part}: ${spent[part]}`);
      }
    } else {
      assert.ok(spent.object <= 8 + 8 && spent.rows <= 8 + 8, 'however large it is: eight segments');
    }
  });
}
