'use strict';
const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const { createApp } = require('../app');

let server;
let base;

before(async () => {
  server = createApp();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => new Promise((done) => { server.close(done); server.closeAllConnections(); }));

const post = (body, type = 'application/json') =>
  fetch(`${base}/api/notes`, { method: 'POST', headers: { 'Content-Type': type }, body });

test('إضافة ملاحظة وقراءتها وحذفها', async () => {
  const made = await post(JSON.stringify({ text: ' مرحبًا ' }));
  assert.equal(made.status, 201);
  const where = made.headers.get('location');
  assert.equal((await (await fetch(base + where)).json()).text, 'مرحبًا');
  assert.equal((await fetch(base + where, { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(base + where)).status, 404);
});

test('المدخلات المعيبة لها رمزها', async () => {
  assert.equal((await post('{')).status, 400);
  assert.equal((await post('{"text":""}')).status, 422);
  assert.equal((await post('null')).status, 422);
  assert.equal((await post('x', 'text/plain')).status, 415);
  assert.equal((await post(JSON.stringify({ text: 'س'.repeat(70000) }))).status, 413);
  assert.equal((await fetch(`${base}/api/notes`, { method: 'PUT' })).status, 405);
});

test('الملفات الثابتة مع ETag', async () => {
  const page = await fetch(`${base}/`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /دفتر الملاحظات/);
  const again = await fetch(`${base}/`, { headers: { 'If-None-Match': page.headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('لا خروج عن المجلد', async () => {
  const { port } = server.address();
  for (const path of ['/../server.js', '/%2e%2e/server.js', '/..%2fserver.js']) {
    const status = await new Promise((done) => http.get({ port, path, host: '127.0.0.1' }, (r) => { r.resume(); done(r.statusCode); }));
    assert.notEqual(status, 200, path);
  }
});
