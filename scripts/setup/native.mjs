// The native addons: their build, and before it what they need from the system. Missing native code is no failure unless it is required.
import { buildNative } from '../build-native.mjs'
import { findLibtorch } from '../find-libtorch.mjs'
import { SetupError, say } from './command.mjs'
import { installSystemPackages, missingForBuild, missingForTraining } from './system-packages.mjs'

const REQUIRED = process.env.CHRONODE_REQUIRE_NATIVE === '1'

export async function setUpNative() {
  let results = await buildNative({ log: say })
  const lacksSomething = Object.values(results).some(({ state }) => state === 'skipped')
  const forBuild = lacksSomething ? missingForBuild({ libtorchFound: findLibtorch().candidates.length > 0 }) : []
  const groups = [...forBuild, ...missingForTraining()]
  if (groups.length > 0) installSystemPackages(groups)
  if (forBuild.length > 0) results = await buildNative({ log: say })
  for (const { state, message } of Object.values(results)) {
    if (state !== 'skipped' || forBuild.length === 0) say(message) // what is missing has been said, with the command that brings it
  }
  const absent = Object.entries(results).filter(([, { state }]) => state === 'failed' || state === 'skipped')
  if (absent.length === 0) return
  if (REQUIRED) throw new SetupError(`CHRONODE_REQUIRE_NATIVE is 1, and there is no ${absent.map(([name]) => name).join(', no ')} addon`)
  say('going on without; PREDICT will answer linearly, and say so')
}
