export { type BuildOptions, type BuildReport, type BuildResult, buildNative } from './build.js'
export { openNative } from './door.js'
export type * from './runtime.js'
