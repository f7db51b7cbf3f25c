import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, expectOriginal, open, test as base, download } from '../helpers';
import { freePort, start } from '../store';

const SECRET = 'the secret that both sides of this test know';

interface Edge { url: string; stop(): Promise<void> }

/** A store of its own whose links the Worker serves, on Cloudflare's own runtime. */
const test = base.extend<object, { edge: Edge; port: number }>({
    port: [async ({}, use) => use(await freePort()), { scope: 'worker' }],
    edge: [
        async ({ port }, use) => {
            const edge = await startWorker(`http://127.0.0.1:${port}`);
            await use(edge);
            await edge.stop();
        },
        { scope: 'worker' },
    ],
    shop: [
        async ({ port, edge }, use) => {
            const settings = { CLOUDFLARE_WORKER_ENABLED: 'true', CLOUDFLARE_WORKER_URL: edge.url, CLOUDFLARE_WORKER_SECRET: SECRET };
            const { shop, stop } = await start(settings, port);
            await use(shop);
            await stop();
        },
        { scope: 'worker' },
    ],
});

async function startWorker(store: string): Promise<Edge> {
    const program = join(__dirname, '..', '..', 'worker', 'local.mjs');
    const environment = { PATH: process.env.PATH, HOME: process.env.HOME, STORE_URL: store, CLOUDFLARE_WORKER_SECRET: SECRET, BUCKET: 'false' };
    const worker = spawn(process.execPath, [program], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
    const url = await new Promise<string>((done, failed) => {
        createInterface({ input: worker.stdout }).on('line', (line) => line.startsWith('ready ') && done(line.slice('ready '.length)));
        worker.once('exit', (status) => failed(new Error(`the Worker did not start (${status}): run script/worker build first`)));
    });
    return { url, stop: () => ended(worker) };
}

function ended(worker: ChildProcess): Promise<void> {
    const exited = new Promise<void>((done) => worker.once('exit', () => done()));
    worker.stdin?.end();
    return exited;
}

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('one press brings the file from the Worker, and the page tells of it', async ({ page, context, store, edge }) => {
            const customer = await store.customer(1000);
            const file = await store.file();
            await store.signIn(context, customer);
            await (script ? open(page, `/files/${file.id}`) : page.goto(`/files/${file.id}`));
            await page.getByRole('button', { name: 'شراء', exact: true }).click();
            await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
            if (script) await page.evaluate(() => Object.assign(window, { untouched: true }));

            const downloaded = await download(page, page.getByRole('button', { name: /^تنزيل/ }));
            expect(new URL(downloaded.url()).origin, 'it comes from the Worker').toBe(edge.url);
            await expectOriginal(downloaded, file);

            const told = async () => {
                const [purchase] = await store.purchases(customer);
                return { used: purchase.downloads_count, states: purchase.attempts.map(({ state }) => state) };
            };
            await expect.poll(told, { message: 'the store hears of it' }).toEqual({ used: 1, states: ['complete'] });
            if (script) {
                await expect(page.getByRole('img', { name: 'المحاولات المستعملة: 1 من 3' })).toBeVisible();
                await page.getByText('ما جرى لكل محاولة').click();
                await expect(page.getByText('اكتمل التنزيل')).toBeVisible();
                expect(await page.evaluate(() => 'untouched' in window), 'without a reload').toBe(true);
            }
            await page.goto('/purchases');
            await expect(page.getByRole('img', { name: 'المحاولات المستعملة: 1 من 3' })).toBeVisible();
        });
    });
}

test('the desk sees what happens at the Worker without a reload', async ({ page, context, store, playwright }) => {
    const customer = await store.customer(1000);
    const purchase = await store.buy(customer, await store.file());
    await store.signInAtDesk(context, await store.member('support'));
    await open(page, `/admin/downloads?customer=${customer.serial}`);
    const rows = page.locator('table.log tbody tr');
    await expect(rows).toHaveCount(0);
    const link = await store.press(customer, purchase);
    const elsewhere = await playwright.request.newContext();
    expect((await elsewhere.post(link)).ok()).toBe(true);
    await elsewhere.dispose();
    await expect(rows).toContainText('وصل الملف كاملًا.', { timeout: 15_000 });
});
