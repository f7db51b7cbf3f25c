import { expect, open, test, type Page } from '../helpers';

/** What moves, or would, for longer than an instant. */
const moving = (page: Page) =>
    page.evaluate(() => {
        const long = (times: string) => times.split(',').some((time) => parseFloat(time) > 0.01);
        const elements = [...document.querySelectorAll('*')].filter((element) => {
            const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
            return (animationName !== 'none' && long(animationDuration)) || long(transitionDuration);
        });
        return [...elements.map((element) => element.outerHTML.slice(0, 80)), ...document.getAnimations().map(() => 'an animation runs')];
    });

test('nothing moves for who asks for reduced motion', async ({ page, context, store }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const customer = await store.customer(1000);
    const file = await store.file();
    await store.signIn(context, customer);
    for (const path of ['/', '/catalog', '/wallet', `/files/${file.id}`]) {
        await open(page, path);
        expect(await moving(page), path).toEqual([]);
    }
    await page.getByRole('button', { name: 'شراء', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'تم الشراء' })).toBeVisible();
    expect(await moving(page)).toEqual([]);
});

test('the ticket prints on one sheet, black on white, with nothing around it', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(page, '/start');
    const blank = (await page.context().newPage()).pdf({ format: 'A4' });
    await page.getByRole('button', { name: 'فتح حساب' }).click();
    await expect(page.getByTestId('pin')).toBeVisible();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await expect(page.getByTestId('serial')).toBeVisible();
    await expect(page.getByTestId('pin')).toBeVisible();
    for (const around of [page.getByRole('banner'), page.getByRole('contentinfo'), page.getByRole('button', { name: 'طباعة' }), page.getByLabel('حفظتُ الرقم والرمز')]) {
        await expect(around).toBeHidden();
    }
    const [paper, ink] = await page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
        const lightness = (colour: string) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data[1];
        };
        const serial = document.querySelector('[data-testid=serial]')!;
        return [lightness(getComputedStyle(document.body).getPropertyValue('--paper') || 'white'), lightness(getComputedStyle(serial).color)];
    });
    expect(paper).toBeGreaterThan(240);
    expect(ink).toBeLessThan(100);
    const sheet = await page.pdf({ format: 'A4' });
    expect(sheet.length).toBeGreaterThan(2 * (await blank).length);
    expect(sheet.toString('latin1').match(/\/Type\s*\/Page\b/g), 'one page').toHaveLength(1);
});

test('the print button opens the printer’s dialogue', async ({ page }) => {
    await page.addInitScript(() => Object.assign(window, { print: () => Object.assign(window, { printed: true }) }));
    await open(page, '/start');
    await page.getByRole('button', { name: 'فتح حساب' }).click();
    await page.getByRole('button', { name: 'طباعة' }).click();
    expect(await page.evaluate(() => 'printed' in window)).toBe(true);
});
