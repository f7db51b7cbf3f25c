import { expect, open, test, type Page } from '../helpers';
import { content, untranslated } from '../words';

const LANGUAGES = { ar: ['العربية', 'rtl', 'الملفات'], en: ['English', 'ltr', 'Files'], fr: ['Français', 'ltr', 'Fichiers'] } as const;

async function choose(page: Page, tag: keyof typeof LANGUAGES): Promise<void> {
    const [name, direction] = LANGUAGES[tag];
    await page.getByRole('contentinfo').getByRole('button', { name }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', tag);
    await expect(page.locator('html')).toHaveAttribute('dir', direction);
}

const PAGES = ['/', '/catalog', '/catalog?q=xyzzy', '/start', '/sign-in', '/recover', '/packages', '/no/such/page'];
const OWN_PAGES = ['/', '/wallet', '/purchases', '/notifications', '/packages', '/profile', '/activate'];

test('the language is chosen on every page and kept', async ({ page }) => {
    await open(page, '/catalog?q=a&sort=price');
    for (const tag of ['en', 'fr', 'ar'] as const) {
        await choose(page, tag);
        await expect(page, 'it leads back to the same page').toHaveURL('/catalog?q=a&sort=price');
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(LANGUAGES[tag][2]);
        await expect(page.getByRole('contentinfo').getByRole('button', { name: LANGUAGES[tag][0] })).toHaveAttribute('aria-current', 'true');
    }
});

test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false });
    test('the language is chosen too', async ({ page }) => {
        await page.goto('/packages');
        await choose(page, 'en');
        await expect(page).toHaveURL('/packages');
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('Packages');
    });
});

for (const tag of ['en', 'fr', 'ar'] as const) {
    test(`nothing is left untranslated in ${tag}`, async ({ page, context, store, baseURL }) => {
        test.slow();
        const ignored = await content(store);
        const survey = async (path: string) => {
            await open(page, path);
            expect.soft(await untranslated(page, tag, ignored), path).toEqual([]);
            const codes = await page.locator('bdi.code').allInnerTexts();
            expect.soft(codes.filter((code) => /\p{Script=Arabic}/u.test(code))).toEqual([]);
        };
        await context.addCookies([{ name: 'locale', value: tag, url: baseURL! }]);
        for (const path of PAGES) await survey(path);

        const customer = await store.customer(1000, 'Sara');
        const [file, refunded] = (await store.files()).filter(({ price_coins }) => price_coins > 0);
        const purchase = await store.buy(customer, file);
        await page.request.post(await store.press(customer, purchase));
        await store.press(customer, purchase);
        ignored.unshift(customer.serial, 'تجربة');
        await store.refund(await store.buy(customer, refunded));
        await store.signIn(context, customer);
        for (const path of [...OWN_PAGES, `/files/${file.id}`, '/start']) await survey(path);

        // Problems, too.
        await page.goto('/profile');
        await expect(page.locator('html[data-ready]')).toBeAttached();
        await page.locator('form:has(#old_pin) button').click();
        await expect(page.locator('#old_pin')).toHaveAttribute('aria-invalid', 'true');
        expect(await untranslated(page, tag, ignored)).toEqual([]);
    });
}
