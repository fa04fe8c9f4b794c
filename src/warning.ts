/** Something that the app should know and that stopped nothing. `code` is stable; what else it carries depends on it. */
export interface Warning {
  readonly code: string
  readonly message: string
  readonly [detail: string]: unknown
}

/** Where warnings go instead of `process.emitWarning`. */
export interface Logger {
  warn(warning: Warning): void
}

/** Reports a warning once per cause. @param cause  What makes two warnings the same; default: code and message. */
export type Warn = (warning: Warning, cause?: string) => void

/** How many causes are remembered; beyond them a warning may come again. */
const CAUSES_MAX = 1000

/** Once per cause and database: to the app's logger, else to `process.emitWarning` with the code. */
export function createWarn(logger: Logger | undefined): Warn {
  const told = new Set<string>()
  return (warning, cause = `${warning.code} ${warning.message}`) => {
    if (told.has(cause)) return
    if (told.size >= CAUSES_MAX) told.clear()
    told.add(cause)
    if (logger === undefined) process.emitWarning(warning.message, { type: 'ChronodeWarning', code: warning.code })
    else logger.warn(warning)
  }
}
