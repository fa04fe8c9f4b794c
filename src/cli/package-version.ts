import { createRequire } from 'node:module'

/** The version that the package.json of a package says. */
export function packageVersion(name = 'chronode'): string {
  const { version }: { version: string } = createRequire(import.meta.url)(`${name}/package.json`)
  return version
}
