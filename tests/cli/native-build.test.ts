import { expect, test } from 'vitest'
import { runCli } from './run-cli.js'

test('native build says what it needs and where the result goes, before anything is built', async () => {
  const { code, out } = await runCli(['native', 'build', '--help'])
  expect(code).toBe(0)
  for (const needed of ['C++20 compiler', 'CMake', 'libtorch', 'npm install --save-dev cmake-js node-addon-api', 'cache of this user']) {
    expect(out).toContain(needed)
  }
})

test('native alone builds nothing', async () => {
  expect(await runCli(['native'])).toMatchObject({ code: 2, out: '' })
})
