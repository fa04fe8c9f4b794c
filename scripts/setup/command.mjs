// Running other programs, and telling the reader what happens.
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export class SetupError extends Error {}

export function say(text) {
  console.log(`setup: ${text}`)
}

/**
 * Runs a program to its end and shows its output only when it fails.
 *
 * @throws {SetupError} it could not be started or did not end with 0.
 */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28, ...options })
  if (result.status === 0) return result.stdout
  const ended = result.error ? result.error.message : result.signal ? `ended by ${result.signal}` : `ended with ${result.status}`
  throw new SetupError(`${program} ${args.join(' ')}: ${ended}\n${result.stdout || ''}${result.stderr || ''}`.trimEnd())
}

/** Whether a program is there and answers `--version`. */
export function answers(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** The environment in which `node` on the PATH is the given one. */
export function environmentOf(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH || ''}` }
}

/** npm's own command, to be run by a Node of our choice: an old Node's npm would otherwise run under that old Node. */
export function npmCommand() {
  const given = process.env.npm_execpath
  if (given?.endsWith('npm-cli.js') && existsSync(given)) return given
  const beside = join(dirname(dirname(process.execPath)), 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const onPath = (process.env.PATH || '').split(delimiter).map((folder) => join(folder, 'npm'))
  const found = [beside, ...onPath].filter((path) => existsSync(path)).map((path) => realpathSync(path))
  const command = found.find((path) => path.endsWith('npm-cli.js'))
  if (command === undefined) throw new SetupError('npm was not found. Start setup with "npm run setup".')
  return command
}
