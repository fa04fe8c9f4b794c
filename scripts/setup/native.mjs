// The native addons: what they need from the system, then their build. Missing native code is no failure unless it is required.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SetupError, say } from './command.mjs'
import { ROOT } from './find-node.mjs'
import { installSystemPackages, missingPackages } from './system-packages.mjs'

const BUILDER = join(ROOT, 'scripts', 'build-native.mjs')
const REQUIRED = process.env.CHRONODE_REQUIRE_NATIVE === '1'

export async function setUpNative() {
  if (!existsSync(BUILDER)) return say('native code: nothing builds it yet')
  const { buildNative, findLibtorch } = await import(pathToFileURL(BUILDER).href)
  installSystemPackages(missingPackages({ libtorchFound: (await findLibtorch()) !== undefined }))
  const problem = await buildNative()
  if (problem === undefined) return say('native code is built')
  if (REQUIRED) throw new SetupError(`native code: ${problem}`)
  say(`native code: ${problem}`)
}
