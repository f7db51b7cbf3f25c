// What an operator is told when something is not set up, and what a customer sees meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECRET, World, keyId } from './world.mjs';

let world;
before(async () => (world = await World.open()));
after(() => world.close());

const health = async () => {
  const answer = await fetch(`${world.url}/health`);
  const text = await answer.text();
  for (const secret of [SECRET, 'too short']) assert.ok(!text.includes(secret), 'no secret is told');
  return [answer.status, JSON.parse(text)];
};

test('set up', async () => {
  const [status, told] = await health();
  assert.equal(status, 200);
  assert.deepEqual({ ...told, version: '' }, { ok: true, key: keyId(SECRET), problem: null, version: '' });
  assert.match(told.version, /^\d+\.\d+\.\d+$/);
});

test('not set up', async () => {
  const link = await world.mint();
  const browser = world.browser();
  const place = await browser.claim(link);
  const cases = [
    [{ CLOUDFLARE_WORKER_SECRET: undefined }, /^CLOUDFLARE_WORKER_SECRET is missing/],
    [{ CLOUDFLARE_WORKER_SECRET: 'too short' }, /^CLOUDFLARE_WORKER_SECRET has fewer than 32 characters$/],
    [{ STORE_URL: undefined }, /^STORE_URL is missing/],
    [{ STORE_URL: 'shop.example' }, /^STORE_URL: 'shop\.example' is no address/],
    [{ ORIGIN_URL: 'ftp://shop.example' }, /^ORIGIN_URL: /],
    [{ TIME_OFFSET_MS: 'soon' }, /^TIME_OFFSET_MS: /],
  ];
  for (const [bindings, words] of cases) {
    await world.runtime.restart({ CLOUDFLARE_WORKER_SECRET: SECRET, STORE_URL: world.store.url, ORIGIN_URL: undefined, TIME_OFFSET_MS: undefined, ...bindings });
    const [status, told] = await health();
    assert.deepEqual([status, told.ok, told.key], [503, false, null]);
    assert.match(told.problem, words);
    for (const [method, path] of [['GET', link.path], ['POST', link.path], ['GET', place]]) {
      const answer = await browser.send(method, path, { 'accept-language': 'ar' });
      assert.deepEqual([answer.status, answer.headers['retry-after'], answer.headers['content-language']], [503, '30', 'ar']);
      assert.match(answer.body.toString(), /<html lang="ar" dir="rtl">/);
    }
    assert.equal((await world.call(link.purchase)).status, 503);
  }
  await world.runtime.restart({ CLOUDFLARE_WORKER_SECRET: SECRET, STORE_URL: world.store.url, ORIGIN_URL: undefined, TIME_OFFSET_MS: undefined });
  assert.equal((await health())[0], 200);
  assert.ok((await browser.send('GET', place)).body.equals(link.content), 'the claim was not lost');
});

test('another secret than the server has', async () => {
  const link = await world.mint({ secret: 'the secret of a server that nobody told the Worker' });
  assert.equal((await world.call(link.purchase, { secret: 'the secret of a server that nobody told the Worker' })).status, 401);
  const answer = await world.browser().send('GET', link.path);
  assert.equal(answer.status, 404);
  assert.match(answer.body.toString(), /<h1>/);
});
