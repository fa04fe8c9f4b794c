import type { Checked } from './addon-interface.js'
import { ADDON_INTERFACE } from './addon-interface.js'
import type { AddonName, FoundAddon } from './places.js'
import { remedyFor } from './remedy.js'
import type { Door, DoorReason } from './runtime.js'

export type ShutDoor = Extract<Door<never>, { open: false }>

export function shut(name: AddonName, reason: DoorReason, message: string, path?: string): ShutDoor {
  return { open: false, reason, message, remedy: remedyFor(reason, name), ...(path === undefined ? {} : { path }) }
}

/** @returns why an addon cannot be used, as far as that shows without loading it. */
export function shutBeforehand(name: AddonName, found: FoundAddon | undefined, folders: readonly string[]): ShutDoor | undefined {
  if (found === undefined) {
    if (folders.length === 0) return shut(name, 'switched-off', 'Native code is switched off by CHRONODE_NATIVE=off.')
    return shut(name, 'not-built', `The addon ${name} is not built; looked in ${folders.join(', ')}.`)
  }
  const { info, path } = found
  if (info === undefined) return undefined
  const built = `${info.platform}-${info.arch}, interface ${info.interface}`
  const needed = `${process.platform}-${process.arch}, interface ${ADDON_INTERFACE}`
  if (built !== needed) return shut(name, 'abi-mismatch', `The addon ${path} was built for ${built}; here it is ${needed}.`, path)
  return undefined
}

/** Loads an addon and checks that it is the one that this code was written for. */
export function loadAddon<Addon>(
  name: AddonName,
  path: string,
  check: (exported: Readonly<Record<string, unknown>>) => Checked<Addon>,
): { readonly addon: Addon } | ShutDoor {
  const loaded: { exports: Readonly<Record<string, unknown>> } = { exports: {} }
  try {
    process.dlopen(loaded, path)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return shutByLinker(name, path, error.message)
  }
  const checked = check(loaded.exports)
  if ('addon' in checked) return checked
  return shut(name, 'abi-mismatch', `The addon ${path} is not the one that this version of Chronode was made with: ${checked.mismatch}.`, path)
}

/** What the dynamic linker's words mean. */
export function shutByLinker(name: AddonName, path: string, words: string): ShutDoor {
  return shut(name, linkerReason(words), `The addon ${path} does not load: ${words.trim()}.`, path)
}

function linkerReason(words: string): DoorReason {
  if (/cannot open shared object file|library not loaded|image not found/i.test(words)) return 'library-missing'
  if (/undefined symbol|symbol not found|invalid elf|wrong elf|incompatible architecture|version `/i.test(words)) return 'abi-mismatch'
  return 'load-failed'
}
