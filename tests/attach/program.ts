import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'

/** Runs a program of `tests/attach/programs/` in a process of its own, on the compiled package. @returns the lines that it prints. */
export function startProgram(name: string, args: readonly string[]): string[] {
  if (!distIsCurrent()) buildDist()
  const program = fileURLToPath(new URL(`programs/${name}`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.trimEnd().split('\n')
}
