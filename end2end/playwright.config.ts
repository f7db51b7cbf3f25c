import { defineConfig } from '@playwright/test';
import { browser } from './browser';

/** What is asked of a phone alone. */
const PHONE = /(desk-phone|translated)\.spec\.ts/;

export default defineConfig({
    ...browser,
    testDir: 'tests',
    // `npm test -- --project=desktop` runs one of them.
    projects: [
        { name: 'desktop', use: { viewport: { width: 1280, height: 800 } }, testIgnore: PHONE },
        {
            name: 'phone',
            use: { viewport: { width: 360, height: 740 }, hasTouch: true },
            testMatch: [/(journey|pages|keyboard)\.spec\.ts/, PHONE],
        },
    ],
});
