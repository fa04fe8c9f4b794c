import { defineConfig } from 'vitest/config'

/** Files whose tests load libtorch: once a process and not once a file, which costs 0.6 s and 150 MB each time. */
const TORCH_TESTS = ['tests/**/*.torch.test.ts']

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/count-reporter.ts'],
    testTimeout: 30_000, // against hangs: CI may be ten times slower than a desk
    hookTimeout: 60_000,
    pool: 'forks', // a native crash is one failed file; under threads it ends the run without a word
    projects: [
      { extends: true, test: { name: 'plain', include: ['tests/**/*.test.ts'], exclude: TORCH_TESTS } },
      { extends: true, test: { name: 'torch', include: TORCH_TESTS, isolate: false, testTimeout: 60_000 } },
    ],
  },
})
