import { expect, open, test, type Page } from '../helpers';

const HOSTILE = `<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'"&{{7*7}}`;

async function harmless(page: Page): Promise<void> {
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    await expect(page.locator('img[src="x"]')).toHaveCount(0);
}

test('a hostile name is shown as it was typed', async ({ page, context, store }) => {
    const name = `ليلى ${HOSTILE}`.slice(0, 79);
    await store.signIn(context, await store.customer('temporary'));
    await open(page, '/activate');
    await page.getByRole('textbox', { name: 'الاسم' }).fill(name);
    await page.getByRole('textbox', { name: 'رقم الهاتف' }).fill(HOSTILE);
    await page.getByRole('button', { name: 'تفعيل' }).click();
    await expect(page.getByRole('textbox', { name: 'رقم الهاتف' })).toHaveAttribute('aria-invalid', 'true');
    await page.getByRole('textbox', { name: 'رقم الهاتف' }).fill(`09${Date.now()}`.slice(0, 12));
    await page.getByRole('button', { name: 'تفعيل' }).click();
    await expect(page.getByRole('heading', { name: 'الحساب دائم الآن' })).toBeVisible();
    for (const path of ['/', '/profile']) {
        await open(page, path);
        await expect(page.getByText(name)).toBeVisible();
        await harmless(page);
    }
});

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('hostile text in every other field is text', async ({ page, context, store }) => {
            const go = (path: string) => (script ? open(page, path) : page.goto(path));
            const kept = async (label: string, value = HOSTILE) => {
                await expect(page.getByLabel(label)).toHaveValue(value);
                if (script) await harmless(page);
            };
            await go('/catalog');
            await page.getByRole('searchbox').fill(HOSTILE);
            await page.getByRole('button', { name: 'بحث' }).click();
            await expect(page.getByRole('heading', { name: 'لا ملف بهذا الوصف بعد' })).toBeVisible();
            await kept('البحث في الملفات');
            await go(`/catalog?q=${encodeURIComponent(HOSTILE)}&category=${encodeURIComponent(HOSTILE)}&kind=%00&sort=<b>&page=-1`);
            await kept('البحث في الملفات');

            await go(`/sign-in?next=${encodeURIComponent(HOSTILE)}`);
            await page.getByLabel('الرقم التسلسلي').fill(HOSTILE);
            await page.getByLabel('الرمز السري').fill('1234');
            await page.getByRole('button', { name: 'دخول' }).click();
            await expect(page.getByRole('alert')).toContainText(/\S/);
            await kept('الرقم التسلسلي');

            await go('/recover');
            await page.getByLabel('رقم الهاتف').fill(HOSTILE);
            await page.getByLabel('الرمز السري').fill(HOSTILE);
            await page.getByRole('button', { name: 'استعادة' }).click();
            await expect(page.getByRole('alert')).toContainText(/\S/);
            await kept('رقم الهاتف');

            await store.signIn(context, await store.customer());
            await go('/wallet');
            await page.getByLabel('رمز الشحن').fill(HOSTILE);
            await page.getByRole('button', { name: 'شحن' }).click();
            await expect(page.getByRole('alert')).toContainText(/\S/);
            await kept('رمز الشحن');
        });

        for (const next of ['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:window.hacked=1']) {
            test(`signing in does not lead away to ${next}`, async ({ page, store, baseURL }) => {
                const customer = await store.customer();
                await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
                if (script) await expect(page.locator('html[data-ready]')).toBeAttached();
                await page.getByLabel('الرقم التسلسلي').fill(customer.serial);
                await page.getByLabel('الرمز السري').fill(customer.pin);
                await page.getByRole('button', { name: 'دخول' }).click();
                await expect(page.getByRole('banner').getByRole('link', { name: /الرصيد/ })).toBeVisible();
                expect(new URL(page.url()).origin).toBe(baseURL);
                if (script) await harmless(page);
            });
        }
    });
}
