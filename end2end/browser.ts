import type { PlaywrightTestConfig } from '@playwright/test';

/** What the tests and the screenshots have in common: the machine's own Chromium, an Arabic reader, the real store. */
export const browser: PlaywrightTestConfig = {
    globalSetup: './store.ts',
    fullyParallel: true,
    forbidOnly: !!process.env.CI,
    workers: 2,
    retries: 0,
    timeout: 45_000,
    expect: { timeout: 10_000 },
    reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
    use: {
        locale: 'ar',
        timezoneId: 'Asia/Riyadh',
        trace: process.env.TRACE ? 'retain-on-failure' : 'off',
        screenshot: 'only-on-failure',
        launchOptions: {
            executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
            args: [
                '--no-sandbox',
                '--disable-gpu',
                '--disable-quic',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
            ],
        },
    },
};
