import { writeFileSync, writeSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Ends a run with `12 passed, 0 failed, 3 skipped` as the very last line, after the reasons why tests were skipped.
 *
 * Where `CHRONODE_TEST_COUNTS` names a file, the counts go into it as JSON instead, for `npm test` to add its own.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const states = tests.map((test) => test.result().state)
    const passed = states.filter((state) => state === 'passed').length
    const skipped = states.filter((state) => state === 'skipped').length
    const failed = states.length - passed - skipped + modules.filter(failedOutsideTests).length + errors.length
    const lines = reasonsOfSkipped(tests)
    const file = process.env['CHRONODE_TEST_COUNTS']
    if (file === undefined) lines.push(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
    else writeFileSync(file, JSON.stringify({ passed, failed, skipped }))
    process.once('exit', () => {
      if (lines.length > 0) writeSync(1, `${lines.join('\n')}\n`)
    })
  }
}

/** A file that could not be imported, or a hook that threw: no test says so. */
function failedOutsideTests(module: TestModule): boolean {
  return module.state() === 'failed' && [...module.children.allTests('failed')].length === 0
}

/** One line a file and reason: the note of `context.skip(note)`, else what was skipped and what its project needs. */
function reasonsOfSkipped(tests: readonly TestCase[]): string[] {
  const counts = new Map<string, number>()
  for (const test of tests) {
    const result = test.result()
    if (result.state !== 'skipped') continue
    const need = test.project.name === 'torch' ? ' (needs the addon on libtorch, which "npm run setup" builds)' : ''
    const reason = `${test.module.relativeModuleId}: ${result.note ?? `${skippedWhole(test)}${need}`}`
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts].map(([reason, count]) => `skipped ${count} in ${reason}`)
}

/** The suite where all of it was skipped, else the test. */
function skippedWhole(test: TestCase): string {
  const { parent } = test
  if (parent.type !== 'suite') return test.name
  return [...parent.children.allTests()].every((sibling) => sibling.result().state === 'skipped') ? parent.fullName : test.fullName
}
