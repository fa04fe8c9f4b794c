import { type BuildResult, buildNative } from '../index.js'
import { visible } from './cell.js'
import { EXIT, styled, type Terminal, write } from './terminal.js'

const STYLES = { built: 'green', kept: 'green', skipped: 'yellow', failed: 'red' } as const

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
