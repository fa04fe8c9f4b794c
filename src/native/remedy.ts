import { existsSync } from 'node:fs'
import type { AddonName } from './places.js'
import { isRepository, packageRoot } from './places.js'
import type { DoorReason } from './runtime.js'

/** The next step for whoever installed Chronode, on this platform. */
export function remedyFor(reason: DoorReason, name: AddonName): string {
  if (reason === 'switched-off') return 'Unset the environment variable CHRONODE_NATIVE to use native code.'
  const needed = name === 'chronode_torch' ? torchPackages() : compilerPackages()
  return reason === 'abi-mismatch' ? `Build it again: ${buildCommand()}` : `${needed}, then: ${buildCommand()}`
}

/** A clone has cmake-js and node-addon-api among its own packages. */
function buildCommand(): string {
  const root = packageRoot()
  if (root !== undefined && isRepository(root)) return '`npm run setup`'
  return '`npm install --save-dev cmake-js node-addon-api`, `npx chronode native build`'
}

function torchPackages(): string {
  if (isDebian()) return 'Install libtorch and a compiler: `apt-get install libtorch-dev libopenblas0-pthread cmake g++`'
  return 'Install PyTorch or libtorch (the environment variable LIBTORCH may name its folder), cmake and a C++20 compiler'
}

function compilerPackages(): string {
  return isDebian() ? 'Install a compiler: `apt-get install cmake g++`' : 'Install cmake and a C++20 compiler'
}

function isDebian(): boolean {
  return existsSync('/etc/debian_version')
}
