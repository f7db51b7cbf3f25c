import { expect, open, ready, test, type Locator, type Page } from '../desk';

/** Presses with a finger: what is pressed stands in the window, nothing lies over it, and it is large enough to be hit. */
async function touch(control: Locator): Promise<void> {
    await control.scrollIntoViewIfNeeded();
    const box = (await control.boundingBox())!;
    const { width } = control.page().viewportSize()!;
    expect.soft(box.height, `${control} is high enough for a finger`).toBeGreaterThanOrEqual(44);
    expect.soft(box.x >= 0 && box.x + box.width <= width, `${control} stands in the window`).toBe(true);
    await control.tap();
}

/** Goes to a part of the desk by the line of parts, which is pushed along. */
async function go(page: Page, part: string): Promise<void> {
    const link = page.getByRole('navigation', { name: 'أقسام الإدارة' }).getByRole('link', { name: part, exact: true });
    await touch(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(part);
    await expect(link, 'the part that one is in can be seen').toBeInViewport({ ratio: 0.5 });
    await ready(page);
}

async function ask(page: Page, question: string): Promise<Locator> {
    const box = page.locator('details.ask', { has: page.locator('summary', { hasText: question }) }).first();
    await touch(box.locator('summary'));
    return box;
}

async function find(page: Page, who: string): Promise<void> {
    await page.getByRole('textbox', { name: 'الزبون' }).fill(who);
    await touch(page.getByRole('button', { name: 'عرض' }));
    await page.waitForURL(/[?&](q|customer)=[^&]/);
    await ready(page);
}

test('a shopkeeper’s day with nothing but a phone', async ({ page, store }) => {
    test.slow();
    const customer = await store.customer(100, 'نور الدين الخطيب');
    const file = await store.file();
    const purchase = await store.buy(customer, file);
    const link = await store.press(customer, purchase);
    // The link was opened in one browser, and pressed again in another.
    await page.request.post(link, { maxRedirects: 0 });
    await page.context().clearCookies();
    await page.request.post(link, { maxRedirects: 0 });
    const before = await store.balance(customer);
    const { username, password } = await store.member('manager');

    await test.step('signs in', async () => {
        await open(page, '/admin');
        await page.getByLabel('اسم المستخدم').fill(username);
        await page.getByLabel('كلمة المرور').fill(password);
        await touch(page.getByRole('button', { name: 'دخول', exact: true }));
        await expect(page).toHaveURL(/\/admin$/);
        await ready(page);
    });

    await test.step('makes ten codes, and opens the page to print', async () => {
        await go(page, 'رموز الشحن');
        await touch(page.getByRole('link', { name: 'دفعة جديدة' }));
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('دفعة جديدة');
        const value = page.getByRole('radio', { name: '500', exact: true });
        await touch(value);
        await expect(value).toBeChecked();
        await page.getByLabel('عدد الرموز').fill('١٠');
        await page.getByLabel('التسمية').fill('كشك المحطة');
        await touch(page.getByRole('button', { name: 'صنع الرموز' }));
        await expect(page.getByTestId('made')).toContainText('كشك المحطة');
        const [sheet] = await Promise.all([page.context().waitForEvent('page'), touch(page.getByRole('button', { name: 'طباعة' }))]);
        await sheet.waitForLoadState();
        await expect(sheet.locator('.card')).toHaveCount(10);
        await expect(sheet.locator('.code').first()).toHaveText(/^\w{4}(-\w{4}){3}$/);
        await sheet.close();
    });

    await test.step('finds a customer and recharges', async () => {
        await go(page, 'الزبائن');
        await find(page, customer.phone.slice(2));
        await expect(page.getByRole('heading', { name: customer.name })).toBeVisible();
        const box = await ask(page, 'شحن الرصيد');
        await box.getByLabel('عدد العملات').fill('٢٥٠');
        await expect(box, 'whom it is for is said before it is done').toContainText(customer.serial);
        await touch(box.getByRole('button', { name: 'تأكيد الشحن' }));
        await expect(page.getByText('وصلت العملات. الرصيد الآن:')).toBeInViewport();
        expect(await store.balance(customer)).toBe(before + 250);
    });

    await test.step('looks why the download failed', async () => {
        await go(page, 'التنزيلات');
        await find(page, customer.serial);
        const row = page.locator('tbody tr');
        await expect(row).toHaveCount(1);
        await expect(row).toContainText('ضُغط الرابط من متصفح آخر بعد أن استُعمل');
        await touch(row.getByRole('link', { name: file.title }));
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(file.title);
        await expect(page.getByRole('row').filter({ hasText: 'رُفض: الرابط مستعمل من متصفح آخر' })).toBeVisible();
        await ready(page);
    });

    await test.step('gives the coins back', async () => {
        const box = await ask(page, 'إعادة العملات');
        await box.getByLabel('السبب').fill('لم يصله الملف');
        await touch(box.getByRole('button', { name: 'إعادة العملات' }));
        await expect(page.getByText('أُعيدت العملات وأُلغيت الروابط.')).toBeInViewport();
        expect(await store.balance(customer)).toBe(before + 250 + file.price_coins);
    });

    await test.step('and signs out', async () => {
        await touch(page.getByRole('button', { name: 'خروج' }));
        await expect(page).toHaveURL(/\/admin\/login$/);
    });
});

test('whatever part of the desk is opened can be seen in the line of parts', async ({ page, desk }) => {
    await desk('owner');
    const parts = page.getByRole('navigation', { name: 'أقسام الإدارة' });
    for (const path of ['/admin', '/admin/files/import', '/admin/statistics', '/admin/account']) {
        await page.goto(path);
        await expect(parts.locator('[aria-current=page]'), path).toBeInViewport({ ratio: 1 });
    }
});
