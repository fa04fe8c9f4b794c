#!/usr/bin/env node
// `npm test [-- FILTER]`: set-up, types, lint, tests. Ends with a line `N passed, N failed`, whatever happens before.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOf } from './setup/command.mjs'
import { findNode, ROOT } from './setup/find-node.mjs'

const CHECKS = [
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
  ['lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings']],
]

function main(words) {
  if (!succeeds(process.execPath, [join('scripts', 'setup.mjs')])) return { passed: 0, failed: 1, skipped: 0 }
  const { node } = findNode()
  const checksFailed = CHECKS.filter(([name, args]) => {
    const passed = succeeds(node, args)
    console.log(`${name}: ${passed ? 'fine' : 'FAILED'}`)
    return !passed
  }).length
  const counts = runTests(node, words)
  return { ...counts, failed: counts.failed + checksFailed }
}

/** The reporter leaves its counts in a file, so that they can be added to and come last. */
function runTests(node, words) {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-test-'))
  const file = join(folder, 'counts.json')
  try {
    const ended = succeeds(node, ['node_modules/vitest/vitest.mjs', 'run', ...words], { CHRONODE_TEST_COUNTS: file })
    const counts = JSON.parse(readFileSync(file, 'utf8'))
    return ended || counts.failed > 0 ? counts : { ...counts, failed: 1 }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return { passed: 0, failed: 1, skipped: 0 } // the run ended before it could report
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function succeeds(node, args, environment = {}) {
  return spawnSync(node, args, { cwd: ROOT, stdio: 'inherit', env: { ...environmentOf(node), ...environment } }).status === 0
}

const { passed, failed, skipped } = main(process.argv.slice(2))
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
process.exitCode = failed === 0 ? 0 : 1
