import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, createReadStream, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import jsQR from 'jsqr';

import { complain, download, expect, open, ready, someAddress, test as base, type Locator, type Page } from '../helpers';
import { start, type Shop } from '../store';

// It comes without types.
const { PNG } = require('pngjs') as { PNG: { sync: { read(png: Buffer): { width: number; data: Buffer } } } };

const TITLE = 'كتاب الشبكات المصوّر';
const RESELLER = 'مكتبة النور';
/** The program that can't show the browser's permission. */
const MANAGER = 'DownloadManager/6.42';

/** Bytes of the book. */
const SIZE = 500_000_000;
/** Bytes that the page sends at once. */
const PIECE = 16 << 20;
/** Where the line breaks: 14 of the 30 pieces have arrived. */
const CUT = 14 * PIECE;

/** A large content, and its SHA-256. */
interface Book { path: string; sum: string }

const test = base.extend<{ book: Book }, { shop: Shop }>({
    /** A store of its own: what is large goes with it, and its books are looked at after this day alone. */
    shop: [
        async ({}, use) => {
            const { shop, stop } = await start();
            await use(shop);
            await stop();
        },
        { scope: 'worker' },
    ],
    book: async ({}, use, info) => {
        const path = info.outputPath('كتاب الشبكات.pdf');
        await use({ path, sum: writeBook(path) });
        rmSync(path);
    },
});
test.describe.configure({ timeout: 600_000 });

/** Begins as a PDF does; the rest is noise, so that no piece can stand where another belongs. */
function writeBook(path: string): string {
    const [file, hash, block] = [openSync(path, 'w'), createHash('sha256'), Buffer.alloc(PIECE)];
    for (let written = 0; written < SIZE; written += PIECE) {
        const bytes = randomFillSync(block).subarray(0, Math.min(PIECE, SIZE - written));
        if (written === 0) bytes.write('%PDF-1.7\n', 'latin1');
        hash.update(bytes);
        writeSync(file, bytes);
    }
    closeSync(file);
    return hash.digest('hex');
}

async function sumOf(path: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest('hex');
}

/**
 * What a camera reads that is held over a card of the printed page, counted from 0 as the cards stand: from the right, row by row.
 * The measures are those of 21 cards on a page (`app/dashboard/src/sheet.rs`): 3 by 7 within margins of 10 mm, 14.5 mm below, the QR code 22.5 mm wide
 * and 3.5 mm from a card's left and upper edge. A millimetre is taken along on each side.
 */
function scan(png: string, place: number): string {
    const { width, data } = PNG.sync.read(readFileSync(png));
    const dots = (millimetres: number) => Math.round((millimetres * width) / 210);
    const left = dots(10 + (2 - (place % 3)) * (190 / 3) + 2.5);
    const top = dots(10 + Math.floor(place / 3) * (272.5 / 7) + 2.5);
    const side = dots(24.5);
    const seen = new Uint8ClampedArray(side * side * 4);
    for (let row = 0; row < side; row += 1) {
        const from = ((top + row) * width + left) * 4;
        seen.set(data.subarray(from, from + side * 4), row * side * 4);
    }
    const code = jsQR(seen, side, side);
    expect(code, `card ${place} has a QR code that can be read`).not.toBeNull();
    return code!.data;
}

const codesOf = (csv: string) => csv.split('\n').slice(1).filter(Boolean).map((line) => line.split(',')[0]);
const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const balance = (page: Page) => page.getByRole('banner').getByRole('link', { name: /الرصيد/ });
const go = (page: Page, part: string) => page.getByRole('navigation', { name: 'أقسام الإدارة' }).getByRole('link', { name: part, exact: true }).click();

/** Opens a question of the desk. */
async function ask(page: Page, question: string): Promise<Locator> {
    const box = page.locator('details.ask', { has: page.locator('summary', { hasText: question }) });
    await box.locator('summary').click();
    return box;
}

async function find(page: Page, serial: string): Promise<void> {
    await page.getByRole('textbox', { name: 'الزبون' }).fill(serial);
    await page.getByRole('button', { name: 'عرض' }).click();
}

async function buy(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'شراء', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
    await expect(balance(page)).toContainText('800');
}

test('a shopkeeper’s day', async ({ page, context, browser, baseURL, shop, store, book, complaints }, info) => {
    const someone = () => ({ baseURL, locale: 'ar', extraHTTPHeaders: { 'X-Forwarded-For': someAddress() } });
    const customer = await store.customer(100, 'ليلى المنصور');
    const street = await browser.newContext({ ...someone(), viewport: { width: 360, height: 740 }, hasTouch: true });
    complain(street, complaints);
    await store.signIn(street, customer);
    const phone = await street.newPage();
    const code = phone.getByRole('textbox', { name: 'رمز الشحن' });
    const recharge = phone.getByRole('main').getByRole('button', { name: 'شحن', exact: true });
    const recharged = phone.getByRole('status').filter({ hasText: 'وصلت العملات' });

    await test.step('the owner signs in', async () => {
        await open(page, '/admin');
        await page.getByLabel('اسم المستخدم').fill('admin');
        await page.getByLabel('كلمة المرور').fill(shop.password);
        await page.getByRole('button', { name: 'دخول', exact: true }).click();
        await expect(page).toHaveURL(/\/admin$/);
    });

    const { codes, sheet } = await test.step('makes 500 codes and prints them', async () => {
        await go(page, 'رموز الشحن');
        await page.getByRole('link', { name: 'دفعة جديدة' }).click();
        await page.getByRole('radio', { name: '500', exact: true }).check();
        await page.getByLabel('عدد الرموز').fill('500');
        await page.getByLabel('التسمية').fill('نقطة الميدان');
        await page.getByLabel('الوكيل').fill(RESELLER);
        await page.getByRole('button', { name: 'صنع الرموز' }).click();
        await expect(page.getByTestId('made')).toContainText('نقطة الميدان');

        const csv = await download(page, page.getByRole('button', { name: 'حفظ ملف CSV' }));
        const codes = codesOf(readFileSync(await csv.path(), 'utf8'));
        expect(new Set(codes).size).toBe(500);

        await page.getByLabel('البطاقات في الصفحة').selectOption('21');
        const pdf = info.outputPath('cards.pdf');
        await (await download(page, page.getByRole('button', { name: 'حفظ PDF' }))).saveAs(pdf);
        execFileSync('pdftoppm', ['-png', '-r', '300', '-f', '1', '-l', '1', '-singlefile', pdf, info.outputPath('cards')]);
        const sheet = info.outputPath('cards.png');
        await info.attach('cards.png', { path: sheet, contentType: 'image/png' });
        return { codes, sheet };
    });

    await test.step('a customer holds the camera over a card and redeems it', async () => {
        const address = scan(sheet, 0);
        expect(address).toBe(`${shop.url}/wallet#code=${codes[0]}`);
        await open(phone, address);
        await expect(code).toHaveValue(codes[0]);
        await recharge.click();
        await expect(recharged).toContainText('500');
        await expect(phone.getByTestId('balance')).toContainText('600');
    });

    await test.step('a card of a frozen batch is refused, and taken once it is thawed', async () => {
        await page.getByRole('link', { name: 'إلى الدفعة' }).click();
        const freeze = await ask(page, 'تجميد');
        await freeze.getByRole('button', { name: 'تجميد', exact: true }).click();
        await expect(page.locator('.batch-line .status')).toHaveText('مجمّدة');

        // The last card of the page.
        await open(phone, scan(sheet, 20));
        await expect(code).toHaveValue(codes[20]);
        await recharge.click();
        await expect(phone.getByText('هذا الرمز غير صالح').first()).toBeVisible();
        await expect(phone.getByTestId('balance')).toContainText('600');

        const thaw = await ask(page, 'فك التجميد');
        await thaw.getByRole('button', { name: 'فك التجميد', exact: true }).click();
        await expect(page.locator('.batch-line .status')).toHaveText('سارية');
        await recharge.click();
        await expect(recharged).toContainText('500');
        await expect(phone.getByTestId('balance')).toContainText('1,100');
    });

    await test.step('the statistics tell what the reseller’s cards brought', async () => {
        await go(page, 'الإحصاءات');
        const row = page.getByRole('region', { name: 'رموز الشحن حسب الوكيل' }).getByRole('row').filter({ hasText: RESELLER });
        await expect(row.getByRole('cell').nth(0)).toContainText('1,000');
        await expect(row.getByRole('cell').nth(1)).toHaveText('2');
    });

    const file = await test.step('a book of 500 MB is uploaded over a line that breaks, and published', async () => {
        await go(page, 'الملفات');
        await page.getByRole('link', { name: 'ملف جديد' }).click();
        await expect(heading(page)).toHaveText('ملف جديد');
        await page.getByLabel('العنوان').fill(TITLE);
        await page.getByLabel('الوصف').fill('كل شبكة مرسومة، وكل رسم كبير.');
        await page.getByLabel('النوع').selectOption('pdf');
        await page.getByLabel('السعر').fill('٣٠٠');
        await page.getByRole('button', { name: 'إنشاء المسودة' }).click();
        await expect(page).toHaveURL(/\/admin\/files\/\d+$/);
        await expect(heading(page)).toHaveText(TITLE);

        const offsets: number[] = [];
        page.on('request', (request) => {
            if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
        });
        await page.route('**/admin/uploads/*', async (route) => {
            if (Number(route.request().headers()['upload-offset']) !== CUT) return route.continue();
            await context.setOffline(true);
            return route.abort('connectionreset');
        });
        await page.getByLabel('اختيار ملف أو إفلاته هنا').setInputFiles(book.path);
        await expect(page.locator('.chosen')).toContainText('500 م.ب');
        await page.getByRole('button', { name: 'رفع', exact: true }).first().click();
        const bar = page.getByRole('progressbar', { name: 'تقدّم الرفع' });
        await expect(bar).toBeVisible();
        await expect(page.locator('.progress-name')).toContainText(/[1-9]\d*%/);

        // The page says that the line is down, where it stands, and asks in vain for as long as it is.
        await expect(page.locator('.going-on')).toContainText('انقطع الاتصال', { timeout: 120_000 });
        await expect(page.locator('.progress-pace')).toContainText('235 م.ب من 500 م.ب');
        await expect(page.locator('.progress-name')).toContainText('46%');
        await expect(bar).toHaveJSProperty('value', 46);
        await page.waitForEvent('requestfailed', (request) => request.method() === 'GET' && request.url().includes('/admin/uploads/'));
        await page.unroute('**/admin/uploads/*');
        await context.setOffline(false);

        await expect(page.getByText('رُفع المحتوى كاملًا')).toBeVisible({ timeout: 180_000 });
        await expect(page.locator('.versions')).toContainText(book.sum);
        const pieces = Array.from({ length: Math.ceil(SIZE / PIECE) }, (_, piece) => piece * PIECE);
        expect(offsets, 'no piece but the broken one is sent twice').toEqual(pieces.flatMap((piece) => (piece === CUT ? [piece, piece] : [piece])));
        // What the browser tells of the cut line is what was meant.
        expect(complaints.splice(0).filter((complaint) => !/ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED/.test(complaint))).toEqual([]);

        await page.getByRole('button', { name: 'نشر', exact: true }).click();
        await expect(page.getByText('منشور', { exact: true })).toBeVisible();
        return Number(page.url().split('/').pop());
    });

    const link = await test.step('the customer finds it, buys it, and gets what was uploaded', async () => {
        await open(phone, '/catalog');
        // As one types it, without the mark above the letter.
        await phone.getByRole('searchbox', { name: 'البحث في الملفات' }).fill('كتاب الشبكات المصور');
        await phone.getByRole('searchbox', { name: 'البحث في الملفات' }).press('Enter');
        await phone.waitForURL(/q=/);
        await phone.getByRole('article').getByRole('link', { name: TITLE }).click();
        await expect(heading(phone)).toHaveText(TITLE);
        await buy(phone);
        const saved = await download(phone, phone.getByRole('button', { name: /^تنزيل/ }));
        expect(saved.suggestedFilename()).toBe(basename(book.path));
        expect(await sumOf(await saved.path())).toBe(book.sum);
        await saved.delete();
        return saved.url();
    });

    await test.step('the owner refunds it: the coins are back, the download is closed', async () => {
        await go(page, 'الزبائن');
        await find(page, customer.serial);
        await page.getByRole('link', { name: 'فتح الصفحة' }).click();
        await page.getByRole('link', { name: TITLE }).click();
        await expect(heading(page)).toHaveText(TITLE);
        await ready(page);
        const refund = await ask(page, 'إعادة العملات');
        await refund.getByLabel('السبب').fill('لم يناسبها');
        await refund.getByRole('button', { name: 'إعادة العملات' }).click();
        await expect(page.getByText('أُعيدت العملات وأُلغيت الروابط.')).toBeVisible();

        await open(phone, '/purchases');
        await expect(balance(phone)).toContainText('1,100');
        const purchase = phone.getByRole('article', { name: TITLE });
        await expect(purchase).toContainText('أُعيد ثمن هذا الملف');
        await expect(purchase.getByRole('button', { name: /^تنزيل/ })).toHaveCount(0);
        expect((await phone.goto(link))?.status(), 'the browser that had the file gets it no more').toBe(410);
        await expect(heading(phone)).toHaveText('أُلغي هذا الرابط');
    });

    await test.step('a download fails: the customer gave its address to another program', async () => {
        await open(phone, `/files/${file}`);
        await buy(phone);
        const [begun] = await Promise.all([phone.waitForEvent('download'), phone.getByRole('button', { name: /^تنزيل/ }).click()]);
        await begun.cancel();
        expect(await begun.failure()).toBe('canceled');
        const manager = await browser.newContext({ ...someone(), userAgent: MANAGER });
        expect((await manager.request.get(begun.url())).status()).toBe(403);
        await manager.close();
        // Somebody else's attempt, which is not to be shown.
        const other = await store.customer(1000);
        await store.press(other, await store.buy(other, await store.file()));
    });

    await test.step('the log of downloads says why', async () => {
        await go(page, 'التنزيلات');
        await find(page, customer.serial);
        const attempts = page.locator('tbody tr');
        await expect(attempts).toHaveCount(2);
        await expect(attempts.first()).toContainText('طلب الملفَ برنامجٌ غير المتصفح الذي بدأ التنزيل، كمدير تنزيلات لا يحمل إذنه.');
        await expect(attempts.last()).toContainText('أُلغي الرابط بإعادة العملات أو بحظر الحساب.');
        await attempts.first().getByRole('link', { name: TITLE }).click();
        await expect(heading(page)).toHaveText(TITLE);
        await expect(page.getByRole('row').filter({ hasText: 'رُفض: برنامج آخر' })).toContainText(MANAGER);
    });
    await street.close();
});
