/** Takes pictures of every page in every state, light and dark, for people to look at: `SCREENSHOTS=folder npm run screenshots`. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, open, test, type Page } from './helpers';
import { reach, STATES } from './pages';

const FOLDER = resolve(process.env.SCREENSHOTS || join(__dirname, 'test-results', 'screenshots'));
// What the console says is the tests' subject.
test.afterEach(({ complaints }) => void (complaints.length = 0));
test.beforeAll(() => void mkdirSync(FOLDER, { recursive: true }));

/** The whole page in a window as high as it: what is fixed to the window's edges stands where it belongs. */
async function picture(page: Page, name: string, schemes: readonly ('light' | 'dark')[] = ['light', 'dark']): Promise<void> {
    const { width } = page.viewportSize()!;
    await page.evaluate(async () => {
        for (const image of document.images) image.loading = 'eager';
        await document.fonts.ready;
        await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    });
    await page.setViewportSize({ width, height: await page.evaluate(() => Math.ceil(document.documentElement.scrollHeight)) });
    for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: join(FOLDER, `${name}-${width}-${colorScheme}.png`), animations: 'disabled' });
    }
}

for (const state of STATES) {
    test(state.name, async ({ page, store }) => {
        expect(await reach(page, store, state)).toBe(state.status ?? 200);
        await picture(page, state.name);
    });
}

for (const locale of ['en', 'fr']) {
    for (const [name, path] of [['home', '/'], ['catalog', '/catalog'], ['wallet', '/wallet'], ['purchases', '/purchases']]) {
        test(`${name} in ${locale}`, async ({ page, context, store, baseURL }) => {
            const customer = await store.customer(1000);
            await store.buy(customer, await store.file());
            await store.signIn(context, customer);
            await context.addCookies([{ name: 'locale', value: locale, url: baseURL! }]);
            await open(page, path);
            await picture(page, `${name}-${locale}`, ['light']);
        });
    }
}
