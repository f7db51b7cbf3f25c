import AxeBuilder from '@axe-core/playwright';

import { expect, open, ready, test as base, type Page } from '../desk';
import { start } from '../store';

/** What is chosen here holds for a whole shop: it is one of this file's own. */
const test = base.extend<{}, { shop: Awaited<ReturnType<typeof start>>['shop'] }>({
    shop: [
        async ({}, use) => {
            const { shop, stop } = await start();
            await use(shop);
            await stop();
        },
        { scope: 'worker' },
    ],
});
// In a row, so that one store is enough.
test.describe.configure({ mode: 'default' });

const tile = (page: Page, name: string) => page.locator('.tile').filter({ has: page.getByText(name, { exact: true }) });

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });
        const settled = (page: Page) => (script ? ready(page) : Promise.resolve());

        test('an owner changes the bonus, and the next customer gets it', async ({ page, desk, store }) => {
            await desk('owner');
            const bonus = script ? '٢٥٠' : '70';
            await page.goto('/admin/settings');
            await settled(page);
            await page.getByLabel('هدية التفعيل بالعملات').fill(bonus);
            await page.getByLabel('محاولات التنزيل لكل شراء').fill('0');
            await page.getByRole('button', { name: 'حفظ' }).click();
            await expect(page.locator('#attempts')).toHaveAttribute('aria-invalid', 'true');
            await settled(page);
            await page.getByLabel('هدية التفعيل بالعملات').fill(bonus);
            await page.getByLabel('محاولات التنزيل لكل شراء').fill('3');
            await page.getByLabel('أين تُباع رموز الشحن').fill('مكتبة النور، شارع الجامعة');
            await page.getByRole('button', { name: 'حفظ' }).click();
            await expect(page.getByText('حُفظت الإعدادات')).toBeVisible();
            await expect(page.locator('#bonus_coins')).toHaveAttribute('value', script ? '250' : '70');

            const customer = await store.customer(1);
            expect(await store.balance(customer)).toBe(script ? 250 : 70);
            await store.signIn(page.context(), customer);
            await page.goto('/wallet');
            await expect(page.getByText('مكتبة النور، شارع الجامعة')).toBeVisible();
        });

        test('a package is offered, bought, used, and withdrawn', async ({ page, desk, store }) => {
            await desk('manager');
            const name = script ? 'باقة التجربة' : 'باقة بلا نصوص';
            await page.goto('/admin/packages');
            await settled(page);
            const form = page.getByRole('region', { name: 'باقة جديدة' });
            await form.getByLabel('الاسم').fill(name);
            await form.getByLabel('السعر بالعملات').fill('٤٠');
            await form.getByLabel('المدة بالأيام').fill('30');
            await form.getByLabel('عدد الملفات').fill('2');
            await form.getByRole('button', { name: 'عرض الباقة' }).click();
            await expect(page.getByText('الباقة معروضة الآن')).toBeVisible();
            const card = page.getByRole('article', { name });
            await expect(card).toContainText('معروضة');

            const customer = await store.customer(1000);
            await store.signIn(page.context(), customer);
            await page.goto('/packages');
            await settled(page);
            await page.getByRole('article', { name }).getByRole('button', { name: 'اشتراك' }).click();
            await expect(page.getByRole('article', { name })).toContainText('اشتراك جارٍ');
            const before = await store.balance(customer);
            await store.buy(customer, await store.file());
            expect(await store.balance(customer), 'covered files cost nothing').toBe(before);

            await page.goto('/admin/packages');
            await settled(page);
            await expect(card).toContainText('اشتراك واحد');
            await card.getByText('سحبها', { exact: true }).first().click();
            await card.getByRole('button', { name: 'سحبها' }).click();
            await expect(card).toContainText('مسحوبة');
        });

        test('a sale is seen in the statistics, whose charts are read too', async ({ page, desk, store }) => {
            const customer = await store.customer(1000);
            const file = await store.file();
            await desk('manager');
            await page.goto('/admin/statistics?range=today');
            const spent = async () => Number((await tile(page, 'عملات أُنفقت').locator('.number').first().innerText()).replaceAll(',', ''));
            const before = await spent();
            await store.buy(customer, file);
            await page.reload();
            await settled(page);
            expect(await spent()).toBe(before + file.price_coins);
            await expect(page.getByRole('row').filter({ hasText: file.title })).toBeVisible();
            const chart = page.getByRole('figure', { name: 'العملات: ما أُنفق وما أُصدر' });
            await expect(chart.getByRole('img')).toHaveAccessibleName(/عملات أُنفقت: [\d,]+/);
            await chart.getByText('الأرقام في جدول').click();
            await expect(chart.getByRole('cell').first()).toBeVisible();
            await page.getByRole('link', { name: 'سنة' }).click();
            await expect(page).toHaveURL(/range=year/);
            await expect(page.getByRole('link', { name: 'سنة' })).toHaveAttribute('aria-current', 'true');
            if (!script) return;
            const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
            expect(violations.map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
            const [sheet] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /^يومًا بيوم/ }).click()]);
            expect(sheet.suggestedFilename()).toMatch(/^khazna-days-.*\.csv$/);
        });
    });
}

test('the first look at the day shows figures to those who may see them', async ({ page, desk }) => {
    await desk('owner');
    await open(page, '/admin');
    await expect(tile(page, 'عملات أُنفقت')).toBeVisible();
    await expect(page.getByRole('figure', { name: 'آخر سبعة أيام' })).toBeVisible();
    await page.getByRole('navigation', { name: 'إلى العمل' }).getByRole('link', { name: 'الإحصاءات' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('الإحصاءات');
    await page.context().clearCookies();
    await desk('support');
    await open(page, '/admin');
    await expect(page.locator('.tile')).toHaveCount(0);
    expect((await page.goto('/admin/statistics'))?.status()).toBe(403);
    expect((await page.goto('/admin/settings'))?.status()).toBe(403);
});
