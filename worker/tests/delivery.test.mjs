// What happened reaches the server: once, in order, however long that takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, HOUR, SECRET, World, until } from './world.mjs';

let world;
before(async () => (world = await World.open()));
after(() => world.close());

/** A whole download. */
async function download(link, browser = world.browser()) {
  const place = await browser.claim(link);
  const answer = await browser.send('GET', place);
  assert.ok(answer.body.equals(link.content));
  return place;
}

function inOrder(purchase) {
  const records = world.store.records.get(purchase);
  assert.deepEqual(records.map((record) => record.sequence), records.map((_, index) => index + 1));
  for (const record of records) {
    assert.equal(record.ip, '127.0.0.1');
    assert.equal(record.user_agent, 'the tests');
  }
  return records.map((record) => record.kind);
}

test('the server is down while people download, and the runtime stops meanwhile', async () => {
  const links = [await world.mint(), await world.mint({ size: 5 * 1024 * 1024 })];
  await world.store.down();
  for (const link of links) await download(link);
  await world.runtime.restart();
  await new Promise((go) => setTimeout(go, 3_000));
  await world.store.up();
  const before = world.store.deliveries;
  for (const link of links) {
    await until(() => world.store.kinds(link.purchase).at(-1) === 'completed', 'the end of a download');
    assert.deepEqual(inOrder(link.purchase).filter((kind) => kind !== 'advanced'), ['claimed', 'opened', 'completed']);
  }
  assert.ok(world.store.deliveries - before <= 4, 'told in few messages');
});

test('hundreds of records wait for the server and arrive in order', async () => {
  const link = await world.mint({ size: 1000 });
  const browser = world.browser();
  const place = await browser.claim(link);
  await world.store.down();
  for (let at = 0; at < 150; at += 1) {
    const part = await browser.send('GET', place, { range: `bytes=${at}-${at}` });
    assert.equal(part.status, 206);
  }
  await world.runtime.restart();
  const whole = await browser.send('GET', place);
  assert.ok(whole.body.equals(link.content));
  await world.store.up();
  await until(() => world.store.numbers(link.purchase).length >= 303, 'every record');
  const kinds = inOrder(link.purchase);
  assert.deepEqual([kinds.length, kinds.at(-1)], [303, 'completed']);
  // What the server has is put away, and numbers go on after it.
  assert.deepEqual(JSON.parse((await world.call(link.purchase)).text).records, []);
  assert.equal((await world.browser().send('POST', link.path)).status, 409);
  await until(() => world.store.numbers(link.purchase).length === 304, 'the next record');
});

test('a server with another secret is not hammered, and loses nothing', async () => {
  const link = await world.mint();
  world.store.secret = 'a secret that the Worker does not know at all';
  const before = world.store.refused;
  await download(link);
  await new Promise((go) => setTimeout(go, 8_000));
  const tries = world.store.refused - before;
  assert.ok(tries >= 3 && tries <= 6, `${tries} tries in 8 s`);
  assert.deepEqual(world.store.numbers(link.purchase), []);
  world.store.secret = SECRET;
  // The server's call is heard at once, whatever the pause.
  const { text } = await world.call(link.purchase);
  assert.deepEqual(JSON.parse(text).records.map((record) => record.kind), ['claimed', 'opened', 'completed']);
  await until(() => world.store.numbers(link.purchase).length === 3, 'the records', 3_000);
});

test('what the server is told twice, or has lost, does no harm', async () => {
  const link = await world.mint();
  const browser = world.browser();
  const place = await download(link, browser);
  await until(() => world.store.numbers(link.purchase).length === 3, 'the records');
  await world.runtime.restart();
  await browser.send('GET', place, { range: 'bytes=0-0' });
  await until(() => world.store.kinds(link.purchase).at(-1) === 'delivered', 'the next records');
  assert.deepEqual(inOrder(link.purchase), ['claimed', 'opened', 'completed', 'opened', 'delivered']);
});

test('time ends a link, the server is told, and a day later the object forgets it', async () => {
  const link = await world.mint();
  const browser = world.browser();
  await browser.claim(link);
  await until(() => world.store.numbers(link.purchase).length === 1, 'the claim');
  await world.pass(2 * HOUR + 1000);
  const english = { 'accept-language': 'en' };
  const title = async () => /<h1>(.*)<\/h1>/.exec((await browser.send('GET', link.path, english)).body.toString())[1];
  const ended = await title();
  await until(() => world.store.kinds(link.purchase).join() === 'claimed,ended', 'the end');
  await world.pass(DAY - HOUR);
  assert.equal(await title(), ended, 'remembered for a day');
  await world.pass(2 * HOUR);
  await title();
  const later = await until(async () => {
    const now = await title();
    return now !== ended && now;
  }, 'the link to be forgotten');
  assert.match(later, /expired/i);
  // A ticket that comes after is counted on from what the server has.
  const again = await world.mint({ p: link.purchase, l: 2, a: 2, q: 2 });
  await download(again, world.browser());
  await until(() => world.store.kinds(link.purchase).at(-1) === 'completed', 'the second link');
  assert.deepEqual(inOrder_of_people(link.purchase), ['claimed', 'claimed', 'opened', 'completed']);
});

/** The kinds but for what time alone did, with numbers checked. */
function inOrder_of_people(purchase) {
  const records = world.store.records.get(purchase);
  assert.deepEqual(records.map((record) => record.sequence), records.map((_, index) => index + 1));
  return records.filter((record) => record.ip !== '').map((record) => record.kind);
}
