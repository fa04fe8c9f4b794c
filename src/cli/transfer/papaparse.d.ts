/** What is used of papaparse: its own types need those of a browser. */
declare module 'papaparse' {
  export interface ParsedRows {
    readonly data: readonly (readonly string[])[]
    readonly errors: readonly { readonly code: string; readonly row: number }[]
    /** cursor: where the first row begins that was not read to its end. */
    readonly meta: { readonly cursor: number }
  }
  export class Parser {
    constructor(config: { readonly delimiter: string; readonly newline: string })
    parse(input: string, baseIndex: number, ignoreLastRow: boolean): ParsedRows
  }
  export function unparse(rows: readonly (readonly string[])[], config: { readonly delimiter: string; readonly newline: string }): string
  const papaparse: { readonly Parser: typeof Parser; readonly unparse: typeof unparse }
  export default papaparse
}
