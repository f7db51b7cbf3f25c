import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { expect, open, ready, test, type Locator, type Page } from '../desk';

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const name = (what: string) => `${what} ${randomBytes(3).toString('hex')}`;

async function newCategory(page: Page): Promise<string> {
    const category = name('قسم');
    await page.goto('/admin/categories');
    await page.getByLabel('اسم القسم').last().fill(category);
    await page.getByRole('button', { name: 'إضافة القسم' }).click();
    await expect(page.getByText('أُضيف القسم')).toBeVisible();
    return category;
}

async function newFile(page: Page, title: string, category: string): Promise<number> {
    await page.goto('/admin/files/new');
    await page.getByLabel('العنوان').fill(title);
    await page.getByLabel('الوصف').fill('كتاب للتجربة');
    await page.getByLabel('القسم').selectOption(category);
    await page.getByLabel('النوع').selectOption('other');
    await page.getByLabel('السعر').fill('٣٠');
    await page.getByRole('button', { name: 'إنشاء المسودة' }).click();
    await expect(page).toHaveURL(/\/admin\/files\/\d+$/);
    return Number(page.url().split('/').pop());
}

/** Drags something from outside the browser over a place and lets it go there, as the mouse does. */
async function dropped(page: Page, place: Locator, what: { files?: string[]; items?: object[] }, over?: () => Promise<void>): Promise<void> {
    const { x, y, width, height } = (await place.boundingBox())!;
    const browser = await page.context().newCDPSession(page);
    const data = { items: [], files: [], dragOperationsMask: 1, ...what };
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
        browser.send('Input.dispatchDragEvent', { type, x: x + width / 2, y: y + height / 2, data: data as never });
    await drag('dragEnter');
    await drag('dragOver');
    await over?.();
    await drag('drop');
    await browser.detach();
}

test('a file is written, uploaded through a cut line, published, bought and downloaded', async ({ page, desk, store, context, complaints }, info) => {
    await desk('manager');
    const category = await newCategory(page);
    await open(page, '/admin/files/new');
    await page.getByRole('button', { name: 'إنشاء المسودة' }).click();
    await expect(page.getByText('هذا الحقل مطلوب').first()).toBeVisible();
    const title = name('كتاب');
    const id = await newFile(page, title, category);
    await ready(page);
    await expect(page.getByText('مسودة', { exact: true })).toBeVisible();
    await expect(page.getByRole('button', { name: 'نشر' })).toHaveCount(0);

    // 60 MB, whose line is cut while the third piece is on its way, and is down until the page has told so.
    const bytes = randomBytes(60_000_000);
    const path = info.outputPath('كتاب.bin');
    writeFileSync(path, bytes);
    let pieces = 0;
    await page.route('**/admin/uploads/*', async (route) => {
        if (route.request().method() === 'PATCH' && ++pieces === 3) {
            await context.setOffline(true);
            return route.abort('connectionreset');
        }
        return route.continue();
    });
    await page.getByLabel('اختيار ملف أو إفلاته هنا').setInputFiles(path);
    await expect(page.getByText('60 م.ب')).toBeVisible();
    await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
    await expect(page.getByRole('progressbar')).toBeVisible();
    await expect(page.locator('.going-on')).toContainText('انقطع الاتصال');
    await page.screenshot({ path: info.outputPath('cut.png'), fullPage: true });
    await context.setOffline(false);
    await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible({ timeout: 30_000 });
    await expect(page.locator('.versions')).toContainText(sum(bytes));
    expect(pieces, 'no piece but the broken one was sent twice').toBe(5);
    await page.unroute('**/admin/uploads/*');
    // What the browser tells of the cut line is what was meant.
    expect(complaints.splice(0).every((complaint) => /ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED/.test(complaint))).toBe(true);

    await page.getByRole('button', { name: 'نشر' }).click();
    await expect(page.getByText('منشور', { exact: true })).toBeVisible();
    const customer = await store.customer(100);
    const file = (await store.files()).find((file) => file.id === id)!;
    expect(file.title).toBe(title);
    const link = await store.press(customer, await store.buy(customer, file));
    const downloaded = await page.request.post(link);
    expect(downloaded.ok()).toBe(true);
    expect(sum(await downloaded.body())).toBe(sum(bytes));
});

test('an upload is paused, the page left, and the same file goes on from there', async ({ page, desk }, info) => {
    await desk('manager');
    const id = await newFile(page, name('دليل'), await newCategory(page));
    await open(page, `/admin/files/${id}`);
    const bytes = randomBytes(50_000_000);
    const path = info.outputPath('دليل.bin');
    writeFileSync(path, bytes);
    const offsets: number[] = [];
    let underWay = 0;
    let letGo = () => {};
    const pressed = new Promise<void>((done) => (letGo = done));
    await page.route('**/admin/uploads/*', async (route) => {
        underWay += 1;
        if (route.request().method() === 'PATCH') {
            offsets.push(Number(route.request().headers()['upload-offset']));
            // The second piece waits until the pause was pressed.
            if (offsets.length === 2) await pressed;
        }
        await route.continue().catch(() => undefined);
        underWay -= 1;
    });
    await page.getByLabel('اختيار ملف أو إفلاته هنا').setInputFiles(path);
    await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
    await expect.poll(() => offsets.length).toBe(2);
    await page.getByRole('button', { name: 'إيقاف مؤقت' }).click();
    await expect(page.getByText('الرفع متوقّف')).toBeVisible();
    letGo();
    await expect.poll(() => underWay, 'the held piece is let go').toBe(0);
    await page.reload();
    await ready(page);
    await expect(page.getByText('رفعٌ لم يكتمل')).toBeVisible();
    await page.screenshot({ path: info.outputPath('stopped.png'), fullPage: true });
    const before = offsets.length;
    await page.getByLabel('اختيار ملف أو إفلاته هنا').setInputFiles(path);
    await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
    await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible({ timeout: 30_000 });
    expect(offsets[before], 'it did not begin anew').toBeGreaterThanOrEqual(16 << 20);
    await expect(page.locator('.versions')).toContainText(sum(bytes));
    await expect(page.getByText('رفعٌ لم يكتمل')).toHaveCount(0);
});

test('a file is dropped into its place, and how much of it has arrived is shown', async ({ page, desk }, info) => {
    await desk('manager');
    const id = await newFile(page, name('أرشيف'), await newCategory(page));
    await open(page, `/admin/files/${id}`);
    // Three pieces, of which the second waits until the page was looked at.
    const bytes = randomBytes(40_000_000);
    const path = info.outputPath('أرشيف.bin');
    writeFileSync(path, bytes);
    let letGo = () => {};
    const seen = new Promise<void>((done) => (letGo = done));
    await page.route('**/admin/uploads/*', async (route) => {
        if (route.request().headers()['upload-offset'] === String(16 << 20)) await seen;
        return route.continue();
    });

    // What is no file is not taken, and nothing is lost by it.
    const place = page.locator('.upload .drop');
    await place.scrollIntoViewIfNeeded();
    await dropped(page, place, { items: [{ mimeType: 'text/plain', data: 'كلمات' }] });
    await expect(page.locator('.chosen')).toHaveCount(0);

    await dropped(page, place, { files: [path] }, () => expect(place, 'the place shows that it takes it').toHaveClass(/over/));
    await expect(place).not.toHaveClass(/over/);
    await expect(page.locator('.chosen')).toContainText('أرشيف.bin');
    await expect(page.locator('.chosen')).toContainText('40 م.ب');
    await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
    const bar = page.getByRole('progressbar', { name: 'تقدّم الرفع' });
    // 16 MiB of 40 MB.
    await expect(page.locator('.progress-name')).toContainText('41%');
    await expect(bar).toHaveJSProperty('value', 41);
    await expect(page.locator('.progress-pace')).toContainText('17 م.ب من 40 م.ب');
    letGo();
    await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible({ timeout: 30_000 });
    await expect(page.locator('.versions')).toContainText('أرشيف.bin');
    await expect(page.locator('.versions')).toContainText(sum(bytes));
});

test('what can’t be taken is said beside the field', async ({ page, desk }) => {
    await desk('owner');
    const id = await newFile(page, name('ملف'), await newCategory(page));
    await open(page, `/admin/files/${id}`);
    const choose = page.getByLabel('اختيار ملف أو إفلاته هنا');
    const press = () => page.getByRole('button', { name: /^(رفع|محاولة أخرى)$/ }).first().click();
    await press();
    await expect(page.getByText('هذا الحقل مطلوب')).toBeVisible();
    await choose.setInputFiles({ name: 'خدعة.pdf', mimeType: 'application/pdf', buffer: Buffer.from('MZ not a document') });
    await press();
    await expect(page.locator('.progress-news .problems')).toBeVisible();
    await choose.setInputFiles({ name: 'فارغ.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
    await press();
    await expect(page.getByText('الملف فارغ')).toBeVisible();
    await choose.setInputFiles({ name: 'سليم.txt', mimeType: 'text/plain', buffer: Buffer.from('سلام') });
    await press();
    await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible();
    await expect(page.locator('.versions li')).toHaveCount(1);
});

test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false });

    test('files and categories are cared for by plain forms', async ({ page, desk }) => {
        await desk('manager');
        const category = await newCategory(page);
        const title = name('بلا برنامج');
        const id = await newFile(page, title, category);
        const bytes = randomBytes(2_000_000);
        await page.getByLabel('اختيار ملف أو إفلاته هنا').setInputFiles({ name: 'ملف.bin', mimeType: 'application/octet-stream', buffer: bytes });
        await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
        await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible();
        await expect(page.locator('.versions')).toContainText(sum(bytes));
        await page.locator('#preview-file').setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 pages') });
        await page.locator('form[action$="/preview"] button').click();
        await expect(page.getByRole('link', { name: 'عرض المعاينة' })).toBeVisible();
        await page.locator('#cover-file').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
        await page.locator('form[action$="/cover"] button').click();
        await expect(page.getByRole('alert').filter({ hasText: /./ })).toBeVisible();
        await page.getByRole('button', { name: 'نشر' }).click();
        await expect(page.getByText('منشور', { exact: true })).toBeVisible();

        await page.goto(`/admin/files?q=${encodeURIComponent(title)}&state=published`);
        await expect(page.getByRole('link', { name: title })).toHaveAttribute('href', `/admin/files/${id}`);
        await page.goto('/admin/categories');
        const shelf = page.locator('.shelf').filter({ hasText: category });
        await expect(shelf.getByText('حذف')).toHaveCount(0);
        await shelf.getByRole('button', { name: `تقديم «${category}»` }).click();
        await expect(page.locator('.shelf').last()).not.toContainText(category);
    });
});
