'use strict';

// موجّه مسارات صغير: router.get('/api/notes/:id', (req, res, params) => ...)
class Router {
  constructor() {
    this.routes = [];
  }

  add(method, pattern, handler) {
    const names = [];
    const source = pattern
      .split('/')
      .map((part) => {
        if (part.startsWith(':')) {
          names.push(part.slice(1));
          return '([^/]+)';
        }
        return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      })
      .join('/');
    this.routes.push({ method, regex: new RegExp(`^${source}$`), names, handler });
  }

  get(pattern, handler) { this.add('GET', pattern, handler); }
  post(pattern, handler) { this.add('POST', pattern, handler); }
  delete(pattern, handler) { this.add('DELETE', pattern, handler); }

  // يعيد { handler, params } أو { allow } إن وُجد المسار بفعل آخر، أو null
  match(method, path) {
    const allow = new Set();
    for (const route of this.routes) {
      const found = route.regex.exec(path);
      if (!found) continue;
      if (route.method !== method) {
        allow.add(route.method);
        continue;
      }
      const params = {};
      try {
        route.names.forEach((name, i) => { params[name] = decodeURIComponent(found[i + 1]); });
      } catch {
        return null; // ترميز نسبة مئوية معيب
      }
      return { handler: route.handler, params };
    }
    return allow.size ? { allow: [...allow].join(', ') } : null;
  }
}

module.exports = { Router };
