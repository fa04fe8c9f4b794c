import { TransferError } from './transfer-error.js'

/**
 * A package that not everybody needs, and that who needs it installs.
 *
 * @param load  Its `import()`, written out, so that bundlers and people see it.
 * @throws {TransferError} it is not installed.
 */
export async function peerPackage<T>(names: readonly [string, ...string[]], what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !names.some((name) => message.includes(`'${name}'`))) throw error
    throw new TransferError(
      `${what} needs ${names.join(' and ')}, which is not installed. Install it beside chronode: npm install ${names.join(' ')}`,
    )
  }
}
