import { download, expect, expectOriginal, open, test } from '../helpers';

test('after three attempts the reason is told, and a refund ends it', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    await store.signIn(context, customer);
    const article = page.getByRole('article', { name: file.title });
    for (const used of [1, 2, 3]) {
        await open(page, '/purchases');
        await expectOriginal(await download(page, article.getByRole('button', { name: /^تنزيل/ })), file);
        // Nothing was pressed again: the page looks for itself what became of the attempt.
        await expect(article.getByRole('img', { name: `المحاولات المستعملة: ${used} من 3` })).toBeVisible();
        await expect.poll(async () => (await store.purchases(customer))[0].attempts.map(({ state }) => state)).toEqual(Array(used).fill('complete'));
    }
    await expect(article.getByText('انتهت محاولات تنزيل هذا الملف')).toBeVisible();
    await expect(article.getByRole('button')).toHaveCount(0);
    await expect(article.getByText('لم تبقَ محاولات')).toBeVisible();
    await page.goto(`/files/${file.id}`);
    await expect(page.getByText('انتهت محاولات تنزيل هذا الملف')).toBeVisible();

    await store.refund(purchase);
    await page.goto('/purchases');
    await expect(article.getByText('أُعيد ثمن هذا الملف')).toBeVisible();
    await page.goto('/wallet');
    await expect(page.getByTestId('balance')).toContainText('1,000');
    await expect(page.getByRole('table', { name: 'سجل الحركات' })).toContainText('استرداد');
});

test('a press of Download that came too late is told on the purchases page', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const purchase = await store.buy(customer, await store.file());
    await store.signIn(context, customer);
    await open(page, '/purchases');
    await store.refund(purchase);
    // As the button does it that was there before.
    await page.evaluate((id) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: `/purchases/${id}/download` });
        document.body.append(form);
        form.submit();
    }, purchase);
    await expect(page.getByRole('alert')).toContainText('أُعيد ثمن هذا الملف');
    await page.reload();
    await expect(page.getByRole('alert'), 'told once').toBeEmpty();
});

test('a link that waits is shown with its time, and is the same link at the next press', async ({ page, context, store }) => {
    const customer = await store.customer(1000);
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    const link = await store.press(customer, purchase);
    expect(await store.press(customer, purchase)).toBe(link);
    await store.signIn(context, customer);
    await open(page, '/purchases');
    const article = page.getByRole('article', { name: file.title });
    await expect(article.getByRole('img', { name: 'الوقت المتبقي للرابط: ساعتان' })).toBeVisible();
    await article.getByText('ما جرى لكل محاولة').click();
    await expect(article.getByText('الرابط ينتظر')).toBeVisible();
    await expectOriginal(await download(page, article.getByRole('button', { name: /^متابعة التنزيل/ })), file);
    await expect(article.getByText('اكتمل التنزيل')).toBeVisible();
    await expect(article.getByRole('img', { name: 'المحاولات المستعملة: 1 من 3' })).toBeVisible();
});
