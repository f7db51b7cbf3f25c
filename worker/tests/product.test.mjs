// The built product: how large it is, that Cloudflare's tool takes it, and that its pages need nothing else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BUILT } from '../runtime.mjs';
import { DAY, World } from './world.mjs';

const KB = 1000;
let world;
before(async () => (world = await World.open()));
after(() => world.close());

test('the wasm is small', async (context) => {
  const wasm = await readFile(join(BUILT, 'index_bg.wasm'));
  const gzip = gzipSync(wasm, { level: 9 }).length;
  context.diagnostic(`wasm: ${wasm.length} bytes, ${gzip} with gzip`);
  assert.ok(gzip < 300 * KB, `${gzip} bytes`);
});

test('Cloudflare takes it', async () => {
  const folder = dirname(BUILT);
  const out = await mkdtemp(join(tmpdir(), 'khazna-dry-run-'));
  // The built product as it is: `script/worker check` builds it too.
  const toml = (await readFile(join(folder, 'wrangler.toml'), 'utf8')).replace(/^\[build\]\ncommand = .*\n/m, '');
  const config = join(folder, 'wrangler.deploy.toml');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(config, toml);
  try {
    const wrangler = join(folder, 'node_modules/.bin/wrangler');
    const options = ['deploy', '--dry-run', '--config', config, '--outdir', out, '--var', 'STORE_URL:https://shop.example'];
    const { stdout } = await promisify(execFile)(wrangler, options, { cwd: folder, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' } });
    for (const expected of ['env.PURCHASES', 'PurchaseObject', 'env.FILES', 'env.STORE_URL', '--dry-run: exiting now.']) {
      assert.ok(stdout.includes(expected), `${expected} in\n${stdout}`);
    }
  } finally {
    await rm(config, { force: true });
    await rm(out, { recursive: true, force: true });
  }
});

test('pages are small and whole, in three languages', async (context) => {
  const [link, late, revoked] = [await world.mint(), await world.mint(), await world.mint()];
  const owner = world.browser();
  const pages = {};
  const look = async (name, browser, path, status) => {
    pages[name] = [];
    for (const language of ['ar', 'en', 'fr']) {
      const answer = await browser.send('GET', path, { 'accept-language': language });
      assert.equal(answer.status, status, name);
      pages[name].push([language, answer]);
    }
  };
  await look('button', world.browser(), link.path, 200);
  const place = await owner.claim(link);
  await look('resume', owner, link.path, 200);
  await look('used', world.browser(), link.path, 200);
  await look('file without the cookie', world.browser(), place, 403);
  assert.ok((await owner.send('GET', place)).body.equals(link.content));
  await look('finished', owner, link.path, 200);
  await look('broken', world.browser(), '/d/v1.broken', 404);
  await look('no page', world.browser(), '/anything', 404);
  await world.call(revoked.purchase, { revoke: [revoked.ticket] });
  await look('revoked', world.browser(), revoked.path, 410);
  await world.pass(DAY / 8);
  await look('expired', world.browser(), late.path, 410);
  let largest = 0;
  for (const [name, answers] of Object.entries(pages)) {
    for (const [language, { headers, body }] of answers) {
      const html = body.toString();
      largest = Math.max(largest, body.length);
      assert.ok(body.length < 20 * KB, `${name}: ${body.length} bytes`);
      assert.ok(html.includes(`<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">`), `${name} in ${language}`);
      assert.equal(headers['content-language'], language);
      assert.match(headers['content-security-policy'], /^default-src 'none'; style-src 'sha256-[^ ]+'; form-action 'self'/);
      for (const outside of ['<script', '<link', '<img', 'src=', 'url(', '@import']) assert.ok(!html.includes(outside), `${name} has ${outside}`);
    }
  }
  context.diagnostic(`${Object.keys(pages).length} pages in 3 languages, the largest of ${largest} bytes`);
});
