import { readFileSync } from 'node:fs';

import { expect, open, ready, test, type Page } from '../desk';

/** Makes a batch by the form, and waits until its codes can be had. */
async function make(page: Page, count: string, label: string, script: boolean): Promise<number> {
    await page.goto('/admin/codes/new');
    if (script) await ready(page);
    await page.getByRole('radio', { name: '500', exact: true }).check();
    await page.getByLabel('عدد الرموز').fill(count);
    await page.getByLabel('التسمية').fill(label);
    await page.getByLabel('الوكيل').fill('أبو أحمد');
    await page.getByRole('button', { name: 'صنع الرموز' }).click();
    await expect(page.getByTestId('made')).toContainText(label);
    const action = await page.locator('form.hand-out').getAttribute('action');
    return Number(/codes\/(\d+)/.exec(action!)![1]);
}

async function saved(page: Page, button: string): Promise<Buffer> {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
    return readFileSync(await download.path());
}

const codesOf = (csv: Buffer) => csv.toString('utf8').split('\n').slice(1).filter(Boolean).map((line) => line.split(',')[0]);

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });

        test('a batch of 500 is made, printed, frozen, thawed, redeemed', async ({ page, browser, baseURL, desk, store }) => {
            await desk('manager');
            const id = await make(page, '500', 'نقطة الميدان', script);
            const settled = () => (script ? ready(page) : Promise.resolve());

            const csv = await saved(page, 'حفظ ملف CSV');
            expect(csv.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
            const codes = codesOf(csv);
            expect(new Set(codes).size).toBe(500);
            expect((await saved(page, 'حفظ PDF')).subarray(0, 5).toString()).toBe('%PDF-');

            const [sheet] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('button', { name: 'طباعة' }).click()]);
            await sheet.waitForLoadState();
            await expect(sheet.locator('.card')).toHaveCount(500);
            await expect(sheet.locator('.code').nth(499)).toHaveText(codes[499]);
            await sheet.close();

            await page.goto(`/admin/codes/${id}`);
            await settled();
            await page.locator('summary', { hasText: 'تجميد' }).click();
            await page.locator('details[open]').getByRole('button', { name: 'تجميد' }).click();
            await expect(page.locator('.batch-line .status')).toHaveText('مجمّدة');

            const customer = await store.customer(100);
            const shop = await browser.newContext({ baseURL, javaScriptEnabled: script });
            await store.signIn(shop, customer);
            const phone = await shop.newPage();
            const redeem = async (code: string) => {
                // The card's code stands behind the `#`, where a script alone reads it; without one it is typed.
                await phone.goto(script ? `/wallet#code=${code}` : '/wallet');
                if (script) await ready(phone);
                else await phone.locator('input[name=charge_code]').fill(code);
                await expect(phone.locator('input[name=charge_code]')).toHaveValue(code);
                expect(phone.url()).not.toContain(code);
                await phone.locator('section.recharge').getByRole('button').click();
            };
            await redeem(codes[6]);
            await expect(phone.getByText('هذا الرمز غير صالح').first()).toBeVisible();

            await settled();
            await page.locator('summary', { hasText: 'فك التجميد' }).click();
            await page.locator('details[open]').getByRole('button', { name: 'فك التجميد' }).click();
            await expect(page.locator('.batch-line .status')).toHaveText('سارية');
            await redeem(codes[6]);
            await expect(phone.getByTestId('balance')).toContainText('600');
            await shop.close();

            await page.goto(`/admin/codes/${id}?redeemed=true`);
            await expect(page.locator('table tbody tr')).toHaveCount(1);
            await expect(page.locator('table tbody tr')).toContainText(customer.serial);
            await expect(page.locator('table tbody tr')).toContainText(`${id}-0007`);

            await page.goto('/admin/codes');
            await settled();
            await page.getByLabel('رمز الشحن', { exact: true }).fill(codes[6].toLowerCase());
            await page.getByRole('button', { name: 'بحث', exact: true }).click();
            await expect(page.getByTestId('found')).toContainText(customer.serial);
            await page.goto('/admin/codes/resellers');
            await expect(page.locator('tr', { hasText: 'أبو أحمد' })).toBeVisible();
        });

        test('older codes are imported, and what is left out is told', async ({ page, desk }) => {
            await desk('owner');
            await page.goto('/admin/codes/import');
            if (script) await ready(page);
            const mark = `${Date.now()}${script ? 'A' : 'B'}`;
            await page.getByLabel('الرموز', { exact: true }).fill(`OLD${mark}1,500\nOLD${mark}2\nقصير\nOLD${mark}1,500`);
            await page.getByLabel('قيمة الرموز').fill('١٠٠');
            await page.getByLabel('التسمية').fill('بطاقات قديمة');
            await page.getByRole('button', { name: 'استيراد' }).click();
            await expect(page.getByTestId('report')).toContainText('رمزان');
            await expect(page.getByTestId('left-out').locator('tbody tr')).toHaveCount(2);
        });
    });
}

test('a signed-out customer who scans a card signs in and finds the code filled in', async ({ page, store }) => {
    const customer = await store.customer(100);
    const code = await store.code(500);
    await open(page, `/wallet#code=${code}`);
    await expect(page).toHaveURL(/\/sign-in\?next=%2Fwallet#/);
    await page.getByRole('textbox', { name: 'الرقم التسلسلي' }).fill(customer.serial);
    await page.getByLabel('الرمز السري').fill(customer.pin);
    await page.getByRole('main').getByRole('button', { name: 'دخول' }).click();
    await expect(page.locator('input[name=charge_code]')).toHaveValue(code);
    await expect(page).toHaveURL(/\/wallet$/);
});

test('a cancelled batch is over, and support finds a code without seeing batches', async ({ page, desk, store }) => {
    const code = await store.code(100);
    await desk('support');
    await open(page, '/admin/codes');
    await expect(page.getByRole('heading', { name: 'الدفعات' })).toHaveCount(0);
    await page.getByLabel('رمز الشحن', { exact: true }).fill('OLDCODE999');
    await page.getByRole('button', { name: 'بحث', exact: true }).click();
    await expect(page.getByText('لا رمز كهذا')).toBeVisible();
    await page.getByLabel('رمز الشحن', { exact: true }).fill(code);
    await page.getByRole('button', { name: 'بحث', exact: true }).click();
    await expect(page.getByTestId('found')).toContainText('لم يُشحن بعد');
    expect((await page.goto('/admin/codes/new'))?.status()).toBe(403);
});
