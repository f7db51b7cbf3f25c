import { readFileSync } from 'node:fs';

import { arabicDigits, download, expect, open, ready, test, type Customer, type Page, type Store } from '../desk';

/** A customer whose link was used, and then pressed again in another browser. */
async function puzzled(page: Page, store: Store): Promise<{ customer: Customer; purchase: number; title: string }> {
    const customer = await store.customer(2000, 'أمينة الحسن');
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    const link = await store.press(customer, purchase);
    await page.request.post(link, { maxRedirects: 0 });
    await page.context().clearCookies();
    await page.request.post(link, { maxRedirects: 0 });
    return { customer, purchase, title: file.title };
}

const asked = (page: Page, question: string) => page.locator('details.ask', { has: page.locator('summary', { hasText: question }) });

async function ask(page: Page, question: string) {
    const box = asked(page, question).first();
    await box.locator('summary').click();
    return box;
}

const find = async (page: Page, text: string) => {
    await open(page, '/admin/customers');
    await page.getByRole('textbox', { name: 'الزبون' }).fill(text);
    await page.getByRole('button', { name: 'عرض' }).click();
    await page.waitForURL(/[?&](q|customer)=[^&]/);
    await ready(page);
};

test('support finds a customer by part of the phone, sees why a download failed, grants an attempt, moves no coins', async ({ page, store, desk }) => {
    const { customer, title } = await puzzled(page, store);
    await desk('support');
    await find(page, arabicDigits(customer.phone.slice(2)));
    await expect(page.getByRole('heading', { name: 'أمينة الحسن' })).toBeVisible();
    await expect(page.getByText('شحن الرصيد')).toHaveCount(0);
    await page.getByRole('link', { name: 'فتح الصفحة' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('أمينة الحسن');
    await ready(page);
    await expect(page.getByText('تصحيح', { exact: true })).toHaveCount(0);
    await page.getByRole('link', { name: title }).click();
    await expect(page.getByText('ضُغط الرابط من متصفح آخر بعد أن استُعمل', { exact: false })).toBeVisible();
    await expect(page.getByText('رُفض: الرابط مستعمل من متصفح آخر')).toBeVisible();
    await ready(page);
    await expect(page.getByText('إعادة العملات')).toHaveCount(0);
    const grant = await ask(page, 'محاولة إضافية');
    await grant.getByRole('button', { name: 'محاولة إضافية' }).click();
    await expect(grant.getByText('هذا الحقل مطلوب').first()).toBeVisible();
    await grant.getByLabel('السبب').fill('فُتح داخل تطبيق');
    await grant.getByRole('button', { name: 'محاولة إضافية' }).click();
    await expect(page.getByText('أُضيفت محاولة، ووصل إشعار إلى الزبون.')).toBeVisible();
    await expect(page.getByText('1 من 4')).toBeVisible();
    expect((await page.goto('/admin/audit'))?.status()).toBe(403);
});

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });
        const settled = (page: Page) => (script ? ready(page) : Promise.resolve());

        test('a manager recharges, corrects, refunds, and sees it in the audit log', async ({ page, store, desk }) => {
            const customer = await store.customer(100, 'سعيد الأمين');
            const file = await store.file();
            await desk('manager');
            await page.goto(`/admin/customers?q=${customer.serial}`);
            await settled(page);
            let box = await ask(page, 'شحن الرصيد');
            await box.getByLabel('عدد العملات').fill('كثير');
            await box.getByRole('button', { name: 'تأكيد الشحن' }).click();
            await settled(page);
            await expect(page.getByText('الصيغة غير صحيحة').first()).toBeAttached();
            if (!script) box = await ask(page, 'شحن الرصيد');
            await box.getByLabel('عدد العملات').fill('١٠٠٠');
            await box.getByRole('button', { name: 'تأكيد الشحن' }).click();
            await expect(page.getByText('وصلت العملات. الرصيد الآن:')).toContainText('1,100');
            expect(await store.balance(customer)).toBe(1100);

            await page.goto(`/admin/customers/${customer.serial}`);
            await settled(page);
            box = await ask(page, 'تصحيح');
            await box.getByLabel('كم يُسحب').fill('900');
            await box.getByLabel('السبب').fill('صفر زائد');
            await box.getByRole('button', { name: 'تصحيح' }).click();
            await expect(page.getByText('صُحِّح الرصيد. الرصيد الآن:')).toContainText('200');
            expect(await store.balance(customer)).toBe(200);
            await expect(asked(page, 'تصحيح')).toHaveCount(0);

            const purchase = await store.buy(customer, file);
            await page.goto(`/admin/downloads/${purchase}`);
            await settled(page);
            box = await ask(page, 'إعادة العملات');
            await box.getByLabel('السبب').fill('لم يناسبه');
            await box.getByRole('button', { name: 'إعادة العملات' }).click();
            await expect(page.getByText('أُعيدت العملات وأُلغيت الروابط.')).toBeVisible();
            await expect(page.getByText('لم يصل شيء')).toBeVisible();
            expect(await store.balance(customer)).toBe(200);

            await page.goto(`/admin/audit?subject=${customer.serial}`);
            await expect(page.getByRole('row', { name: /تصحيح شحن/ })).toContainText('صفر زائد');
        });

        test('a new PIN is shown once and opens the account', async ({ page, store, desk }) => {
            const customer = await store.customer();
            await desk('support');
            await page.goto(`/admin/customers/${customer.serial}`);
            await settled(page);
            const box = await ask(page, 'رمز سري جديد');
            await box.getByRole('button', { name: 'رمز سري جديد' }).click();
            const pin = await page.getByTestId('new-pin').innerText();
            await store.call('POST', 'token/', undefined, { serial: customer.serial, pin });
            await page.goto(`/admin/customers/${customer.serial}`);
            await expect(page.getByTestId('new-pin')).toHaveCount(0);
        });
    });
}

test('a customer is blocked and let in again', async ({ page, store, desk }) => {
    const customer = await store.customer();
    await desk('support');
    await open(page, `/admin/customers/${customer.serial}`);
    let box = await ask(page, 'حظر الحساب');
    await box.getByRole('button', { name: 'حظر الحساب' }).click();
    await expect(page.getByText('محظور').first()).toBeVisible();
    box = await ask(page, 'رفع الحظر');
    await box.getByRole('button', { name: 'رفع الحظر' }).click();
    await expect(page.getByText('مفعّل').first()).toBeVisible();
});

test('an owner hands a person’s data out and forgets the person', async ({ page, store, desk }) => {
    const { customer } = await puzzled(page, store);
    await desk('owner');
    await open(page, `/admin/customers/${customer.serial}`);
    let box = await ask(page, 'تنزيل كل بياناته');
    const data = JSON.parse(readFileSync(await (await download(page, box.getByRole('button'))).path(), 'utf8'));
    expect(data.profile.customer.phone).toBe(customer.phone);
    expect(data.purchases[0].events.length).toBeGreaterThan(1);
    box = await ask(page, 'محو بياناته');
    await box.getByLabel('الرقم التسلسلي مرة أخرى').fill('CUST2026-AAAAAA');
    await box.getByRole('button', { name: 'محو بياناته' }).click();
    await expect(box.locator('[aria-invalid=true]')).toHaveCount(1);
    await box.getByLabel('الرقم التسلسلي مرة أخرى').fill(customer.serial);
    await box.getByRole('button', { name: 'محو بياناته' }).click();
    await expect(page.getByText('مُحيت بيانات الشخص وأُغلق الحساب.')).toBeVisible();
    await expect(page.getByText(customer.phone)).toHaveCount(0);
    await find(page, customer.phone);
    await expect(page.getByText('لا زبون يطابق البحث')).toBeVisible();
});

test('the logs are filtered, and taken along as CSV', async ({ page, store, desk }) => {
    const { customer, title } = await puzzled(page, store);
    await desk('manager');
    await open(page, '/admin/downloads');
    await page.getByRole('textbox', { name: 'الزبون' }).fill(customer.serial.toLowerCase());
    await page.getByLabel('النتيجة').selectOption('trouble');
    await page.getByRole('button', { name: 'عرض' }).click();
    await expect(page.locator('tbody tr')).toHaveCount(1);
    await expect(page.locator('tbody tr')).toContainText(title);
    await ready(page);
    const csv = readFileSync(await (await download(page, page.getByRole('link', { name: 'تنزيل CSV' }))).path(), 'utf8');
    expect(csv.startsWith('\uFEFF')).toBe(true);
    expect(csv.trim().split('\r\n')).toHaveLength(2);
    expect(csv).toContain('أمينة الحسن');
    await open(page, `/admin/audit?subject=${customer.serial}&action=wallet.direct_recharge`);
    await expect(page.locator('tbody tr')).toHaveCount(1);
    await expect(page.locator('tbody tr')).toContainText('شحن مباشر');
});

test('the log of downloads shows what happens without a reload', async ({ page, store, desk, playwright, baseURL }) => {
    const customer = await store.customer(2000, 'هدى المنصور');
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    await desk('support');
    await open(page, `/admin/downloads?customer=${customer.serial}`);
    const rows = page.locator('table.log tbody tr');
    await expect(rows).toHaveCount(0);
    const link = await store.press(customer, purchase);
    await expect(rows).toHaveCount(1, { timeout: 15_000 });
    await expect(rows).toContainText('الرابط جاهز ولم يُفتح بعد.');
    const elsewhere = await playwright.request.newContext({ baseURL });
    expect((await elsewhere.post(link)).ok()).toBe(true);
    await elsewhere.dispose();
    await expect(rows).toContainText('وصل الملف كاملًا.', { timeout: 15_000 });
});
