import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { TOPIC_OF } from '../../examples/sotu/topics.js'
import { readWords } from '../../examples/sotu/words.js'
import { openDatabase } from '../../src/index.js'
import { ROOT } from './documents.js'

/** The words that the examples of the documentation may name, beside those of the topic 'environment'. */
const WORDS = ['change', 'challenge', 'economy', 'inflation', 'security']

/** What an example finds where it runs: `chronode.toml` and `words.db` with the collection `words`, and the package, installed. */
export async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-docs-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'chronode.toml'), '[storage]\npath = "words.db"\n')
  const db = await openDatabase(join(folder, 'chronode.toml'))
  const observations = readWords().filter(({ entity }) => TOPIC_OF.get(entity) === 'environment' || WORDS.includes(entity))
  const words = await db.createCollection('words', { dimension: observations[0]!.vector.length })
  await words.insert(observations)
  for (const entity of new Set(observations.map((observation) => observation.entity))) {
    await words.setAttributes(entity, { topic: TOPIC_OF.get(entity)! })
  }
  await db.close()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'chronode'), 'dir')
  mkdirSync(join(folder, 'node_modules', '@types'))
  for (const name of ['better-sqlite3', '@types/better-sqlite3'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'dir')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin', 'npx'),
    `#!/bin/sh\n[ "$1" = chronode ] || exit 9\nshift\nexec "${process.execPath}" "${ROOT}/dist/src/cli/main.js" "$@"\n`,
  )
  chmodSync(join(folder, 'bin', 'npx'), 0o755)
  return folder
}

/** A copy of the template that goes with the test. */
export function copyOf(template: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-example-'))
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** @returns what the program printed, its folder called `/app`. */
export function runIn(folder: string, program: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { FORCE_COLOR: _, NODE_OPTIONS: __, ...inherited } = process.env
  const env = { ...inherited, NO_COLOR: '1', CHRONODE_NATIVE: 'off', PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` }
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env })
  return { status, stdout: inApp(stdout, folder), stderr: inApp(stderr, folder) }
}

export function inApp(text: string, folder: string): string {
  return text.replaceAll(folder, '/app')
}
