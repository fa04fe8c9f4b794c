export { openNative } from './door.js'
export type * from './runtime.js'
