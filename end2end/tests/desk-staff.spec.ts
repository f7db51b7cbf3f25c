import { createHmac } from 'node:crypto';

import { expect, open, ready, test, type Member, type Page } from '../desk';

async function signIn(page: Page, { username, password }: Pick<Member, 'username' | 'password'>, totp = ''): Promise<void> {
    await page.getByLabel('اسم المستخدم').fill(username);
    await page.getByLabel('كلمة المرور').fill(password);
    await page.getByLabel('رمز المصادقة').fill(totp);
    await page.getByRole('button', { name: 'دخول', exact: true }).click();
}

/** What an authenticator shows now, or `steps` half minutes later (RFC 6238). */
function digits(secret: string, steps = 0): string {
    const bits = [...secret.replaceAll(' ', '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
    const mac = createHmac('sha1', key).update(counter).digest();
    const at = mac[19] & 15;
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

for (const script of [true, false]) {
    test.describe(script ? 'with JavaScript' : 'without JavaScript', () => {
        test.use({ javaScriptEnabled: script });
        const settled = (page: Page) => (script ? ready(page) : Promise.resolve());

        test('a member signs in, is led where they wanted to go, and out again', async ({ page, store }) => {
            const manager = await store.member('manager');
            await page.goto('/admin/account');
            await expect(page).toHaveURL(/\/admin\/login\?next=/);
            await settled(page);
            await signIn(page, { ...manager, password: 'a wrong password' });
            await expect(page.getByRole('alert')).toContainText('تفتح حسابًا');
            await expect(page.getByLabel('اسم المستخدم')).toHaveValue(manager.username);
            await settled(page);
            await signIn(page, manager);
            await expect(page).toHaveURL(/\/admin\/account$/);
            await expect(page.getByRole('heading', { level: 1 })).toHaveText('حسابي');
            await page.getByRole('button', { name: 'خروج' }).click();
            await expect(page).toHaveURL(/\/admin\/login$/);
            await page.goto('/admin');
            await expect(page).toHaveURL(/\/admin\/login/);
        });

        test('an authenticator is set up, asked for, and given up', async ({ page, desk }) => {
            const who = await desk('support');
            await page.goto('/admin/account');
            await settled(page);
            await page.getByRole('button', { name: 'تفعيل' }).click();
            await expect(page.getByRole('img', { name: /QR/ })).toBeVisible();
            const secret = await page.locator('.scan .code').innerText();
            await settled(page);
            await page.getByLabel('الأرقام التي يعرضها التطبيق').fill('12345');
            await page.getByRole('button', { name: 'تأكيد' }).click();
            await expect(page.getByText('الأرقام لا تطابق').first()).toBeVisible();
            await settled(page);
            await page.getByLabel('الأرقام التي يعرضها التطبيق').fill(digits(secret));
            await page.getByRole('button', { name: 'تأكيد' }).click();
            await expect(page.getByText('مفعّلة: يُطلب الرمز')).toBeVisible();

            await page.getByRole('button', { name: 'خروج' }).click();
            await settled(page);
            await signIn(page, who);
            await expect(page.getByRole('alert')).toContainText('تفتح حسابًا');
            await settled(page);
            // The digits of this half minute are used up: the next ones are taken from clocks that run ahead.
            await signIn(page, who, digits(secret, 1));
            await expect(page).toHaveURL(/\/admin$/);

            await page.goto('/admin/account');
            await settled(page);
            await page.locator('#password').fill(who.password);
            await page.getByRole('button', { name: 'إلغاء المصادقة الثنائية' }).click();
            await expect(page.getByRole('button', { name: 'تفعيل' })).toBeVisible();
        });

        test('an owner adds a member, changes the role, takes the access', async ({ page, desk }) => {
            await desk('owner');
            await page.goto('/admin/staff');
            await settled(page);
            const form = page.getByRole('region', { name: 'إضافة عضو' });
            await form.getByRole('button', { name: 'إضافة عضو' }).click();
            await expect(form.getByText('هذا الحقل').or(form.getByText('مطلوب')).first()).toBeVisible();
            await settled(page);
            const username = `new-${Date.now()}-${script}`;
            await form.getByLabel('اسم المستخدم').fill(username);
            await form.getByLabel('كلمة المرور').fill('a long password');
            await form.getByLabel('الدور').selectOption('support');
            await form.getByRole('button', { name: 'إضافة عضو' }).click();
            await expect(form.getByText('أُضيف العضو')).toBeVisible();
            const row = page.getByRole('row').filter({ hasText: username });
            await expect(row).toContainText('دعم');

            await settled(page);
            await row.getByText('تغيير الدور').first().click();
            await row.getByLabel('الدور').selectOption('manager');
            await row.getByRole('button', { name: 'تغيير الدور' }).click();
            await expect(row).toContainText('مدير');

            await settled(page);
            await row.getByText('إيقاف الدخول').first().click();
            await row.getByRole('button', { name: 'إيقاف الدخول' }).click();
            await expect(row).toContainText('موقوف');
            const refused = await page.request.post('/api/v1/admin/token/', { data: { username, password: 'a long password' } });
            expect(refused.status()).toBe(401);
        });
    });
}

test('whom wrong passwords have locked out, an owner lets in again', async ({ page, desk, store }) => {
    await desk('owner');
    const { username, password } = await store.member('support');
    const enter = async (data: object) => (await page.request.post('/api/v1/admin/token/', { data })).status();
    for (let tries = 0; tries < 5; tries += 1) expect(await enter({ username, password: 'a wrong password' })).toBe(401);
    expect(await enter({ username, password }), 'the right one does not help now').toBe(429);

    // The lock's thirty seconds have begun; what is told of it stands longer.
    await open(page, '/admin/staff');
    const row = page.getByRole('row').filter({ hasText: username });
    await expect(row).toContainText('موقوف مؤقتًا');
    await row.getByText('فتح الدخول الآن').first().click();
    await row.getByRole('button', { name: 'فتح الدخول الآن' }).click();
    await expect(row).not.toContainText('موقوف مؤقتًا');
    expect(await enter({ username, password })).toBe(200);
    await open(page, '/admin');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByText('دخول أحد أعضاء الفريق موقوف مؤقتًا'), 'what was told of it ends with the lock').toBeHidden();
});

test('what is not theirs is not shown, and refused', async ({ page, desk }) => {
    await desk('support');
    await open(page, '/admin');
    await expect(page.getByRole('navigation', { name: 'أقسام الإدارة' })).not.toContainText('الفريق');
    const response = await page.goto('/admin/staff');
    expect(response?.status()).toBe(403);
    await expect(page.getByText('ليس ضمن صلاحياتك')).toBeVisible();
});

test('a customer has no business at the desk', async ({ page, context, store }) => {
    await store.signIn(context, await store.customer());
    await page.goto('/admin');
    await expect(page).toHaveURL(/\/admin\/login/);
    // Nor is anything of the dashboard's program in what customers load.
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    await open(page, '/');
    expect(loaded.some((url) => url.includes('/pkg/khazna.')) && !loaded.some((url) => url.includes('/pkg/dashboard.'))).toBe(true);
});
