import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs vitest with the project's reporter on files of a folder of its own. */
function runTests(files: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'build', 'reporter-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const reporter = JSON.stringify(join(ROOT, 'tests/support/count-reporter.ts'))
  writeFileSync(join(folder, 'vitest.config.mjs'), `export default { test: { reporters: ['default', ${reporter}], pool: 'forks' } }`)
  for (const [name, code] of Object.entries(files)) {
    writeFileSync(join(folder, name), `import { beforeAll, describe, expect, test } from 'vitest'\n${code}`)
  }
  const { CHRONODE_TEST_COUNTS: _, ...inherited } = process.env
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', '--root', folder], {
    encoding: 'utf8',
    env: { ...inherited, NO_COLOR: '1', ...environment },
  })
  return { status, lines: stdout.trimEnd().split('\n'), folder }
}

test('the last line counts, and the lines before it say why tests were skipped', () => {
  const { status, lines } = runTests({
    'a.test.js': `
      test('passes', () => {})
      test('says why', (context) => context.skip('no libtorch here'))
      test('says why, too', (context) => context.skip('no libtorch here'))
      describe.skip('what needs a GPU', () => { test('x', () => {}); test('y', () => {}) })
      describe('what needs no root', () => { test('reads', () => {}); test.skip('may not read', () => {}) })`,
  })
  expect(lines.slice(-4)).toEqual([
    'skipped 2 in a.test.js: no libtorch here',
    'skipped 2 in a.test.js: what needs a GPU',
    'skipped 1 in a.test.js: what needs no root > may not read',
    '2 passed, 0 failed, 5 skipped',
  ])
  expect(status).toBe(0)
})

test('what no test could say fails as well: a broken import, a hook, a late error', () => {
  const { status, lines } = runTests({
    'fails.test.js': "test('passes', () => {})\ntest('fails', () => expect(1).toBe(2))",
    'import.test.js': "import './nothing.js'\ntest('x', () => {})",
    'hook.test.js': "beforeAll(() => { throw new Error('no') })\ntest('x', () => {})",
    'late.test.js':
      "test('passes', () => { setTimeout(() => { throw new Error('late') }, 0) })\ntest('waits', () => new Promise((r) => setTimeout(r, 50)))",
  })
  const [passed, failed] = lines.at(-1)!.match(/\d+/g)!.map(Number)
  expect(lines.at(-1)).toMatch(/^\d+ passed, \d+ failed(, \d+ skipped)?$/)
  expect(passed).toBe(3)
  expect(failed).toBeGreaterThanOrEqual(4)
  expect(status).toBe(1)
})

test('a process that crashes is one failure, and the others are counted', () => {
  const { status, lines } = runTests({
    'crash.test.js': "test('crashes', () => process.kill(process.pid, 'SIGKILL'))",
    'fine.test.js': "test('passes', () => {})",
  })
  expect(lines.at(-1)).toMatch(/^1 passed, [1-9]\d* failed$/)
  expect(status).toBe(1)
})

test('the counts go into a file where one is named', () => {
  const file = join(ROOT, 'build', `counts-${process.pid}.json`)
  onTestFinished(() => rmSync(file, { force: true }))
  const { lines } = runTests({ 'a.test.js': "test('passes', () => {})" }, { CHRONODE_TEST_COUNTS: file })
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ passed: 1, failed: 0, skipped: 0 })
  expect(lines.at(-1)).not.toContain('passed, ')
})
