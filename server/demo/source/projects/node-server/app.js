'use strict';
const http = require('node:http');
const path = require('node:path');
const { Router } = require('./lib/router');
const { HttpError, readJson } = require('./lib/body');
const { serveStatic } = require('./lib/static');

function json(res, status, value) {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}

function createApp() {
  const notes = new Map();
  let next = 1;
  const router = new Router();
  const files = serveStatic(path.join(__dirname, 'public'));

  router.get('/api/notes', (req, res) => json(res, 200, [...notes.values()]));

  router.post('/api/notes', async (req, res) => {
    const input = await readJson(req);
    const text = typeof input?.text === 'string' ? input.text.trim() : '';
    if (!text || text.length > 500) throw new HttpError(422, 'نص الملاحظة من حرف إلى 500 حرف');
    const note = { id: next++, text, at: new Date().toISOString() };
    notes.set(note.id, note);
    res.setHeader('Location', `/api/notes/${note.id}`);
    json(res, 201, note);
  });

  router.get('/api/notes/:id', (req, res, { id }) => {
    const note = notes.get(Number(id));
    if (!note) throw new HttpError(404, 'لا ملاحظة بهذا الرقم');
    json(res, 200, note);
  });

  router.delete('/api/notes/:id', (req, res, { id }) => {
    if (!notes.delete(Number(id))) throw new HttpError(404, 'لا ملاحظة بهذا الرقم');
    res.writeHead(204).end();
  });

  return http.createServer(async (req, res) => {
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Content-Security-Policy', "default-src 'self'");
    try {
      const { pathname } = new URL(req.url, 'http://localhost');
      const found = router.match(req.method, pathname);
      if (found?.handler) return await found.handler(req, res, found.params);
      if (found?.allow) {
        res.setHeader('Allow', found.allow);
        throw new HttpError(405, 'الفعل غير مقبول لهذا المسار');
      }
      if ((req.method === 'GET' || req.method === 'HEAD') && (await files(req, res, pathname))) return undefined;
      throw new HttpError(404, 'لا شيء في هذا العنوان');
    } catch (error) {
      const status = error.status || 500;
      if (status === 500) console.error(error);
      if (res.headersSent) return res.destroy();
      return json(res, status, { error: status === 500 ? 'عطل في الخادم، والمحاولة لاحقًا قد تنجح' : error.message });
    }
  });
}

module.exports = { createApp };
