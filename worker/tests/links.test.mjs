// Links on the real runtime: the things that the suite shared with the embedded gateway (server/tests/it/links) can't see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECRET, World, until } from './world.mjs';

const MIB = 1024 * 1024;
let world;
before(async () => (world = await World.open()));
after(() => world.close());

test('a file is claimed, downloaded and resumed, from the bucket and from the server', async () => {
  for (const bucket of [true, false]) {
    const link = await world.mint({ size: 30 * MIB, bucket });
    const browser = world.browser();
    const page = await browser.send('GET', link.path, { 'accept-language': 'en' });
    assert.equal(page.status, 200);
    assert.match(page.body.toString(), /<form method="post" action="">/);
    const place = await browser.claim(link);
    const head = await browser.send('HEAD', place);
    assert.deepEqual([head.status, head.headers['content-length']], [200, String(30 * MIB)]);
    const whole = await browser.send('GET', place);
    assert.equal(whole.status, 200);
    assert.equal(whole.headers['content-length'], String(30 * MIB));
    assert.equal(whole.headers['etag'], '"etag-1"');
    assert.ok(whole.body.equals(link.content), 'every byte');
    await until(() => world.store.kinds(link.purchase).at(-1) === 'completed', 'the last record');
    const part = await browser.send('GET', place, { range: `bytes=${29 * MIB}-` });
    assert.deepEqual([part.status, part.headers['content-range']], [206, `bytes ${29 * MIB}-${30 * MIB - 1}/${30 * MIB}`]);
    assert.ok(part.body.equals(link.content.subarray(29 * MIB)));
    await until(() => world.store.kinds(link.purchase).at(-1) === 'delivered', 'the last record');
    const kinds = world.store.kinds(link.purchase);
    assert.deepEqual(kinds.filter((kind) => kind !== 'advanced'), ['claimed', 'opened', 'completed', 'resumed', 'delivered']);
    assert.equal(kinds.filter((kind) => kind === 'advanced').length, 7, 'eight segments');
    const [claimed] = world.store.records.get(link.purchase);
    assert.equal(claimed.ip, '127.0.0.1');
    assert.equal(claimed.user_agent, 'the tests');
    assert.ok(Math.abs(Date.parse(claimed.at) - Date.now()) < 60_000);
    assert.equal(world.store.states.get(`${link.purchase}/1`).phase, 'complete');
  }
});

test('of a hundred presses at once one wins', async () => {
  const link = await world.mint();
  const answers = await Promise.all(Array.from({ length: 100 }, () => world.browser().send('POST', link.path)));
  const count = (status) => answers.filter((answer) => answer.status === status).length;
  assert.deepEqual([count(303), count(409)], [1, 99]);
});

/** True when the last stream sent all that was asked; whether the file is complete too depends on how much the line had swallowed. */
const over = (purchase) => ['delivered', 'completed'].includes(world.store.kinds(purchase).at(-1));

test('a line that breaks costs a piece, and what follows completes the file', async () => {
  const link = await world.mint({ size: 30 * MIB });
  const browser = world.browser();
  const place = await browser.claim(link);
  const first = await browser.readSome(place, 10 * MIB);
  assert.ok(first.equals(link.content.subarray(0, first.length)));
  await until(() => world.store.kinds(link.purchase).at(-1) === 'interrupted', 'the broken line to be noticed');
  const rest = await browser.send('GET', place, { range: `bytes=${first.length}-`, 'if-range': '"etag-1"' });
  assert.equal(rest.status, 206);
  assert.ok(Buffer.concat([first, rest.body]).equals(link.content));
  await until(() => over(link.purchase), 'the end');
  const interrupted = world.store.records.get(link.purchase).find((record) => record.kind === 'interrupted');
  assert.ok(interrupted.detail.bytes >= first.length, 'never fewer than really left');
  assert.ok(world.store.states.get(`${link.purchase}/1`).charged <= 2 * 30 * MIB - 1);
});

test('the runtime stops between claim and download, and in the middle of one', async () => {
  const link = await world.mint({ size: 30 * MIB });
  const browser = world.browser();
  const place = await browser.claim(link);
  await world.runtime.restart();
  const answer = await browser.open('GET', place);
  assert.equal(answer.status, 200);
  answer.on('error', () => {});
  const chunks = [];
  let length = 0;
  const reading = (async () => {
    for await (const chunk of answer) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > 6 * MIB) await new Promise((go) => setTimeout(go, 10));
    }
  })().catch(() => {});
  await until(() => length > 6 * MIB, 'some bytes');
  await world.runtime.restart();
  await reading;
  assert.ok(length < link.content.length, 'the line broke');
  const rest = await browser.send('GET', place, { range: `bytes=${length}-` });
  assert.equal(rest.status, 206);
  assert.ok(Buffer.concat([...chunks, rest.body]).equals(link.content));
  await until(() => over(link.purchase), 'the end');
  const numbers = world.store.numbers(link.purchase);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
});

test('a secret changes, and nothing is lost', async () => {
  const [claimed, unclaimed] = [await world.mint(), await world.mint()];
  const browser = world.browser();
  const place = await browser.claim(claimed);
  const next = 'the next secret of the tests, as long as it must be';
  await world.runtime.restart({ CLOUDFLARE_WORKER_SECRET: next, CLOUDFLARE_WORKER_SECRET_PREVIOUS: SECRET });
  assert.ok((await browser.send('GET', place)).body.equals(claimed.content), 'a claim of before');
  const late = world.browser();
  assert.ok((await late.send('GET', await late.claim(unclaimed))).body.equals(unclaimed.content), 'a ticket of before');
  await until(() => world.store.kinds(unclaimed.purchase).at(-1) === 'completed', 'records at a server that has the old secret');
  // The server learns the new one too.
  world.store.secret = next;
  const fresh = await world.mint({ secret: next });
  assert.equal((await world.call(fresh.purchase, { secret: next })).status, 200);
  const third = world.browser();
  assert.ok((await third.send('GET', await third.claim(fresh))).body.equals(fresh.content));
  await until(() => world.store.kinds(fresh.purchase).at(-1) === 'completed', 'records at a server that has the new secret');
  await world.runtime.restart({ CLOUDFLARE_WORKER_SECRET: next, CLOUDFLARE_WORKER_SECRET_PREVIOUS: undefined });
  assert.equal((await browser.send('GET', place)).status, 404, 'the old secret is worth nothing any more');
  world.store.secret = SECRET;
  await world.runtime.restart({ CLOUDFLARE_WORKER_SECRET: SECRET });
});

test('the server revokes what was claimed and what was never seen', async () => {
  const [claimed, unseen] = [await world.mint(), await world.mint()];
  const browser = world.browser();
  const place = await browser.claim(claimed);
  for (const link of [claimed, unseen]) {
    const { status, text } = await world.call(link.purchase, { acknowledged: 0, revoke: [link.ticket] });
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).records.at(-1).kind, 'revoked');
  }
  assert.equal((await browser.send('GET', place)).status, 410);
  assert.equal((await world.browser().send('POST', unseen.path)).status, 410);
  await until(() => world.store.kinds(unseen.purchase).join() === 'revoked,refused_over', 'what happened');
});

test('the server alone may call', async () => {
  const link = await world.mint();
  assert.equal((await world.call(link.purchase)).status, 200);
  assert.equal((await world.call(link.purchase, { secret: 'another secret, which nobody but a stranger has' })).status, 401);
  assert.equal((await world.call(link.purchase, { at: world.now() - 301_000 })).status, 401);
  assert.equal((await fetch(`${world.url}/internal/purchase`)).status, 405);
  assert.equal((await fetch(`${world.url}/internal/purchase`, { method: 'POST', body: '{}' })).status, 401);
});

test('storage that fails is a polite page, and charges nothing', async () => {
  const link = await world.mint({ bucket: false });
  const content = world.store.contents.get(link.purchase);
  world.store.contents.delete(link.purchase);
  const browser = world.browser();
  const place = await browser.claim(link);
  const answer = await browser.send('GET', place, { 'accept-language': 'ar' });
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '30']);
  assert.match(answer.body.toString(), /dir="rtl"/);
  world.store.contents.set(link.purchase, content);
  assert.ok((await browser.send('GET', place)).body.equals(link.content));
  await until(() => world.store.kinds(link.purchase).at(-1) === 'completed', 'the end');
  assert.equal(world.store.states.get(`${link.purchase}/1`).charged, link.content.length);
});
