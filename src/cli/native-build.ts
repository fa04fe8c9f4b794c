import { Command } from 'commander'
import { type BuildResult, buildNative } from '../index.js'
import { visible } from './cell.js'
import type { CommandRun } from './command.js'
import { EXIT, styled, type Terminal, write } from './terminal.js'

const STYLES = { built: 'green', kept: 'green', skipped: 'yellow', failed: 'red' } as const

const NOTES = `
It needs a C++20 compiler, CMake, libtorch (the environment variable LIBTORCH may name its folder; else a Python with torch, or the system's),
and the packages cmake-js and node-addon-api: npm install --save-dev cmake-js node-addon-api. Nothing is installed or fetched.
The result goes into the cache of this user, for this version of chronode and this libtorch; every app of the user finds it there.

Exit code: 0 both addons are there, 1 something is missing or failed.`

export function describeNative({ terminal, end }: CommandRun): Command {
  const build = new Command('build')
    .description('build the native code against the libtorch of this machine, so that models can answer')
    .option('--force', 'build also what is unchanged')
    .addHelpText('after', NOTES)
    .action(async ({ force = false }: { force?: boolean }) => end(await nativeBuildCommand({ force }, terminal)))
  return new Command('native').description('build the native code').addCommand(build)
}

/** Builds both addons for this user. @returns 1 unless both are there in the end. */
export async function nativeBuildCommand({ force }: { force: boolean }, { stdout, stderr }: Terminal): Promise<number> {
  const { folder, kernels, torch } = await buildNative({ force, log: (line) => stderr.write(`${visible(line)}\n`) })
  for (const { state, message } of [kernels, torch]) await write(stdout, `${styled(STYLES[state], state, stdout)}: ${visible(message)}\n`)
  if (!isThere(kernels) || !isThere(torch)) return EXIT.failed
  await write(stdout, `${whereItIs(folder, process.env['CHRONODE_NATIVE'])}\n`)
  return EXIT.ok
}

function isThere({ state }: BuildResult): boolean {
  return state === 'built' || state === 'kept'
}

/** CHRONODE_NATIVE names the only place that is looked in. */
function whereItIs(folder: string, variable: string | undefined): string {
  const place = `The native code is in ${visible(folder)}.`
  if (variable === undefined || variable === '' || variable === folder) return `${place} chronode doctor says what works now.`
  return `${place} It is not used while CHRONODE_NATIVE is ${visible(variable)}: unset it, or name that folder.`
}
